package check

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// nearest looks for the Allow statement that was meant to meet the need and says what is wrong with it.
func (c Check) nearest(need iam.Need) lack {
	found := lack{path: "Statement"}
	for i, d := range c.Policies {
		for j, s := range d.Statements {
			path := fmt.Sprintf("Statement[%d]", j)
			fit := evaluate.Look(d, j, c.request(need))
			if s.Effect != document.Allow || !fit.Action {
				continue
			}
			switch {
			case s.Principal != nil || s.NotPrincipal != nil:
				return lack{document: i, path: path + ".Principal", severity: report.Error, reason: "the statement has a Principal, which IAM refuses in a policy of a role",
					remedy: "remove the Principal; it belongs into the trust policy or into the repository's policy"}
			case fit.Resource == evaluate.No:
				if l, ok := c.wrongResource(i, path, s, need); ok {
					return l
				}
			case fit.Condition == evaluate.No && len(fit.Ignored) > 0:
				return lack{document: i, path: path + ".Condition", severity: report.Error, reason: fit.Ignored[0],
					remedy: "use one of IAM's condition operators and variables that the request has"}
			case fit.Condition == evaluate.No && len(fit.False) > 0:
				return lack{document: i, path: path + "." + fit.False[0], severity: report.Error,
					reason: c.whyFalse(s, fit.False[0], need), remedy: "remove the condition, or write one that holds here"}
			}
		}
		if l, ok := otherService(i, d, need); ok {
			found = l
		}
	}
	return found
}

// whyFalse says why a condition, by its path below the statement, does not hold for the need.
func (c Check) whyFalse(s document.Statement, path string, need iam.Need) string {
	request := c.request(need)
	for _, condition := range s.Conditions {
		if path != "Condition."+condition.Operator+"."+condition.Key {
			continue
		}
		for key, values := range request.Context {
			if strings.EqualFold(key, condition.Key) && len(values) > 0 {
				return fmt.Sprintf("the condition is false for this registry: %s is %s", key, strings.Join(values, ", "))
			}
		}
		return fmt.Sprintf("the condition is false for this registry: the request has no key %s", condition.Key)
	}
	return "the condition is false for this registry"
}

// otherService finds the action under ecr where it should be under ecr-public, and the other way round.
func otherService(i int, d document.Document, need iam.Need) (lack, bool) {
	service, action, _ := strings.Cut(need.Action, ":")
	other := map[string]string{"ecr": "ecr-public", "ecr-public": "ecr"}[service]
	for j, s := range d.Statements {
		for k, listed := range s.Actions {
			if s.Effect == document.Allow && other != "" && strings.HasPrefix(strings.ToLower(listed), other+":") &&
				evaluate.Glob(strings.ToLower(listed), strings.ToLower(other+":"+action)) {
				return lack{document: i, path: fmt.Sprintf("Statement[%d].Action[%d]", j, k), severity: report.Error,
					reason: fmt.Sprintf("the statement grants %s, but the registry's actions are those of %s", listed, service),
					remedy: fmt.Sprintf("write %s:… for a registry at %s", service, map[string]string{"ecr": "<account>.dkr.ecr.<region>", "ecr-public": "public.ecr.aws"}[service])}, true
			}
		}
	}
	return lack{}, false
}
