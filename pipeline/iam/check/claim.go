package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// claim checks one condition on a claim of the token.
func (c *trustCheck) claim(i int, path string, cond document.Condition, claim string, providers []string) {
	set, base, ifExists := evaluate.OperatorOf(cond.Operator)
	switch {
	case !evaluate.Known(cond.Operator):
		c.add(i, path, report.Error, writeOperator("StringEquals"), "%q is not one of IAM's condition operators", cond.Operator)
		return
	case base == "Null", evaluate.Negated(cond.Operator):
		return
	case ifExists || set == evaluate.ForAll:
		c.add(i, path, report.Warning, writeOperator("StringEquals"), "%s holds for a token without the claim too", cond.Operator)
	}
	if claim == "aud" && !slices.ContainsFunc(cond.Values, func(v string) bool { return evaluate.Glob(v, iam.Audience) || strings.HasPrefix(v, "system:") }) {
		c.add(i, path, report.Error, writeValue(iam.Audience), "the audience is %s, but the tokens of pods are made for %s", strings.Join(cond.Values, ", "), iam.Audience)
	}
	right := writeValue(iam.Audience)
	if claim == "sub" {
		right = writeValue(c.subjects(providers)...)
	}
	for k, value := range cond.Values {
		at := fmt.Sprintf("%s[%d]", path, k)
		switch {
		case claim == "aud" && strings.HasPrefix(value, "system:serviceaccount:"), claim == "sub" && value == iam.Audience:
			c.add(i, at, report.Error, right, "the values of :sub and :aud are swapped: %q is no %s", value, map[string]string{"aud": "audience", "sub": "subject"}[claim])
		case strings.ContainsAny(value, "<>"):
			c.add(i, at, report.Error, right, "%q still holds a placeholder", value)
		case !strings.ContainsAny(value, "*?"):
		case base == "StringEquals" || base == "StringEqualsIgnoreCase":
			c.add(i, at, report.Error, right, "under %s the * and ? in %q are plain characters: no token has them", cond.Operator, value)
		case claim == "sub" && strings.Trim(strings.TrimPrefix(value, "system:serviceaccount"), ":*") == "":
			c.add(i, at, report.Error, right, "%q lets every pod of the cluster take the role", value)
		case claim == "sub":
			c.add(i, at, report.Warning, right, "%q lets other service accounts take the role too", value)
		}
	}
}
