package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/rights"
)

// Markdown is the page docs/preflight.md: what preflight looks at, its catalogue, and the least ClusterRole for some
// stages.
func Markdown(stages []rights.Stage) string {
	var out strings.Builder
	out.WriteString(docsHead)
	for _, r := range Catalogue() {
		fmt.Fprintf(&out, "| [%s](#%s) | %s | %s |\n", r.ID, strings.ToLower(r.ID), r.Severity, r.Title)
	}
	for _, r := range Catalogue() {
		fmt.Fprintf(&out, "\n## %s\n\n**%s** (%s)\n\n%s\n\n- Fix: %s\n- Source: %s\n", r.ID, prose(r.Title), r.Severity, prose(r.Why), prose(r.Fix), prose(r.Source))
	}
	o := rights.Options{Namespace: "mural-system", SourceIn: "mural-system", Prepare: true, Stages: stages}
	fmt.Fprintf(&out, docsRights, rights.ClusterRole("palette-ecr", slices.Concat(rights.Hub(o), rights.Spoke(o), rights.Optional())))
	return out.String()
}

// prose keeps Markdown from taking <account> for HTML.
func prose(text string) string { return strings.ReplaceAll(text, "<", "&lt;") }

const docsHead = `<!-- Made from the catalogue in pipeline/preflight: go test ./pipeline -run TestPreflightPage -update -->

# What stands in the way of a cutover?

` + "```sh" + `
palette-ecr preflight --config cutover.yaml
` + "```" + `

It looks at everything that a later stage needs, or would break on, and writes nothing. ` + "`palette-ecr run`" + ` does the same
before it copies, for the stages that it is to run. Each finding has a rule: those below, or rules of [lint](lint.md)
that need to know what is live (L10, L12, L13, L16, L18, L21, L25, L27, L28). ` + "`palette-ecr preflight --explain P01`" + ` says
the same in a terminal.

An error is a refusal (exit code 3). What may not be looked at is *unproven*: a warning that names the permission which is
missing, and exit code 4 when nothing is worse. ` + "`run`" + ` goes on without it, since its proofs show what preflight could not
see.

What it reads in AWS is all in the policy that ` + "`palette-ecr policies --principal operator`" + ` prints; each right that is missing
leaves one look unproven. What the role of hue and source-controller may, IAM itself decides (` + "`iam:SimulatePrincipalPolicy`" + `), with
the role's permissions boundary; where that may not be asked, the role's documents are judged, and the finding says so.

With ` + "`--all-repositories`" + ` every repository that is copied to is looked at, not that of the workloads alone.

| rule | severity | about |
|---|---|---|
`

const docsRights = `
## The least ClusterRole

What who runs palette-ecr needs on the hub and on spokes, as ` + "`palette-ecr policies --kubernetes`" + ` prints it. Bind it in
the cluster, or with a RoleBinding in the release's namespace for what is needed there only; P01 has the exact Roles.
With Helm the rights for the chart's own objects come on top; preflight asks for each of them.

` + "```text" + `
%s` + "```" + `
`
