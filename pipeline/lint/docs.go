package lint

import (
	"fmt"
	"strings"
)

// Markdown is the page docs/lint.md: the catalogue, with an example of each rule.
func Markdown() (string, error) {
	var out strings.Builder
	out.WriteString(docsHead)
	for _, r := range rules() {
		fixed := ""
		if r.fixable {
			fixed = "yes"
		}
		fmt.Fprintf(&out, "| [%s](#%s) | %s | %s | %s |\n", r.ID, strings.ToLower(r.ID), r.Severity, r.Title, fixed)
	}
	for _, r := range rules() {
		example, err := ExampleOf(r.ID)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&out, "\n## %s\n\n**%s** (%s)\n\n%s\n\n", r.ID, prose(r.Title), r.Severity, prose(r.Why))
		fmt.Fprintf(&out, "- Fix: %s\n", prose(r.Fix))
		if r.fixable {
			out.WriteString("- `palette-ecr lint --fix` does it, with the editor of `render`, as far as the right value is known\n")
		}
		fmt.Fprintf(&out, "- Source: %s\n\nFails:\n\n", prose(r.Source))
		for _, f := range example.Fails {
			if f.Name != "values.yaml" {
				fmt.Fprintf(&out, "%s:\n\n", f.caption())
			}
			fmt.Fprintf(&out, "```%s\n%s```\n\n", f.language(), f.Text)
		}
		fmt.Fprintf(&out, "lint says:\n\n```text\n%s```\n\nPasses:\n\n```diff\n%s```\n", example.Findings, example.Diff())
	}
	return out.String(), nil
}

// prose keeps Markdown from taking <account> for HTML.
func prose(text string) string { return strings.ReplaceAll(text, "<", "&lt;") }

const docsHead = `<!-- Made from the catalogue in pipeline/lint and its examples: go test ./pipeline/lint -update -->

# Rules of palette-ecr lint

Each rule stands for one way in which a cutover from Zot to ECR is known to break. ` + "`palette-ecr lint --explain L07`" + `
says the same in a terminal. Nothing is sent anywhere; what a rule needs beside the file (a chart, policies, what was seen
in a cluster) is given, or the rule says nothing.

The severity is that of the worst finding; a rule may also find something milder. Leave rules out with
` + "`--disable L11,L19`" + `, or milder findings with ` + "`--severity error`" + `. ` + "`run`" + ` takes both, and ` + "`--cross-account`" + ` and ` + "`--kube-version`" + `. A
comment ignores a rule on its own line, or on the next line if it is alone, and must give a reason:

` + "```yaml" + `
eks.amazonaws.com/role-arn: arn:aws:iam::210987654321:role/palette-ecr # palette-ecr:ignore L09 the registry is shared
` + "```" + `

Rules about ECR say nothing about a file that still uses Zot, unless ` + "`--endpoint`" + ` says where it is to point. With ` + "`--chart`" + ` the
values are judged as Helm merges them: what the file doesn't set is the chart's default. ` + "`--fix`" + ` corrects what ` + "`render`" + ` would.

| rule | severity | about | --fix |
|---|---|---|---|
`
