package validate

import (
	"fmt"
	"strings"
)

// Markdown returns the page docs/troubleshooting.md: every cause of the catalogue, how it looks, and what to do.
func Markdown() string {
	c := Context{
		Namespace: "mural-system", Repository: "palette/mural-workloads", Region: "us-east-1",
		ARN:      "arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads",
		Registry: "123456789012.dkr.ecr.us-east-1.amazonaws.com",
		Role:     "arn:aws:iam::123456789012:role/palette-ecr",
		URL:      "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads",
	}
	var index, causes strings.Builder
	last := ""
	for _, e := range catalogue {
		found := Explain(e.seen, c)
		if e.id != last {
			fmt.Fprintf(&index, "- [%s](#%s)\n", e.id, e.id)
			waits := "Waiting does not help."
			if !e.terminal {
				waits = "It may pass by itself: a run waits for it until its --timeout."
			}
			fmt.Fprintf(&causes, "\n## %s\n\n%s\n", e.id, waits)
		}
		last = e.id
		fmt.Fprintf(&causes, "\n```text\n%s\n```\n\n- Cause: %s\n- What to do: %s\n", e.seen, prose(found.Cause), prose(found.Remedy))
	}
	return docsHead + index.String() + causes.String()
}

// prose keeps Markdown from reading a lone * as emphasis.
func prose(text string) string { return strings.ReplaceAll(text, " * ", ` \* `) }

const docsHead = `<!-- Made from the catalogue in pipeline/validate/catalogue.go: go test ./pipeline/validate -run TestDocs -update -->

# Troubleshooting

What source-controller, hue, ECR and STS say when a cutover fails, what is behind it, and what to do. ` + "`palette-ecr`" + ` finds
the cause by itself, with the names of your installation in place of the examples here, and says it in the error and in
the report. The order is that of the catalogue: what names the true cause comes before what is only its effect.

An error that names a gate (exit code 3) or a proof (exit code 4) is explained in [proofs.md](proofs.md).

`
