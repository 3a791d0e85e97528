package check

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// harm has what makes a wildcard dangerous, for examples in messages.
var harm = []string{"DeleteRepository", "BatchDeleteImage", "SetRepositoryPolicy", "PutLifecyclePolicy", "DeleteRepositoryPolicy", "PutImage"}

// wide finds what a document grants beyond the needs, as far as ECR is concerned: a node's role may have
// other statements, which are not our business.
func (c Check) wide(d document.Document, needs []iam.Need) []report.Finding {
	needed, everywhere := map[string]bool{}, map[string]bool{}
	for _, need := range needs {
		needed[strings.ToLower(need.Action)] = true
		everywhere[strings.ToLower(need.Action)] = need.Resource == "*"
	}
	var findings []report.Finding
	add := func(path string, severity report.Severity, remedy, format string, args ...any) {
		findings = append(findings, finding(d, path, RulePolicy, severity, remedy, fmt.Sprintf(format, args...)))
	}
	for j, s := range d.Statements {
		path := fmt.Sprintf("Statement[%d]", j)
		if s.Effect != document.Allow || s.Principal != nil || s.NotPrincipal != nil {
			continue
		}
		if s.NotActions != nil {
			add(path+".NotAction", report.Warning, "list in Action what is needed", "NotAction with Allow grants every action of every service but those listed")
		}
		perRepository := false // the statement grants something of ECR that has a resource
		for k, action := range s.Actions {
			at := fmt.Sprintf("%s.Action[%d]", path, k)
			service, name, _ := strings.Cut(strings.ToLower(action), ":")
			if action != "*" && service != "ecr" && service != "ecr-public" && !strings.ContainsAny(service, "*?") {
				continue
			}
			perRepository = perRepository || name != "getauthorizationtoken" && !everywhere[strings.ToLower(action)]
			switch {
			case strings.ContainsAny(action, "*?"):
				add(at, report.Warning, "list the actions that are needed; palette-ecr policies writes them", "%q is a wildcard: it grants %s", action, alsoGranted(action, needs))
			case !needed[strings.ToLower(action)]:
				add(at, strayed(name), "remove it, unless this role does another job too", "%s does not need %s", c.Principal, action)
			}
		}
		if !perRepository {
			continue
		}
		if s.NotResources != nil {
			add(path+".NotResource", report.Warning, "name the repository in Resource", "NotResource grants on every resource but those listed")
		}
		for k, resource := range s.Resources {
			at := fmt.Sprintf("%s.Resource[%d]", path, k)
			switch {
			case resource == "*":
				add(at, report.Warning, "grant only GetAuthorizationToken on \"*\", and the rest on the repository's ARN", "the statement holds for every repository of the account, not for %s alone", c.Wanted.Repository.Name)
			case c.Principal == iam.Operator && c.Wanted.All: // it copies to other repositories too
			case strings.ContainsAny(resource, "*?") && strings.HasPrefix(resource, "arn:"):
				add(at, report.Warning, "name the repository by its whole ARN", "%q holds for other repositories than %s too", resource, c.Wanted.Repository.Name)
			}
		}
		findings = append(findings, c.useless(d, j, needs)...)
	}
	return append(findings, legacyVariables(d)...)
}

// useless finds ARNs that can match nothing, even where another statement meets the need.
func (c Check) useless(d document.Document, j int, needs []iam.Need) []report.Finding {
	s, path := d.Statements[j], fmt.Sprintf("Statement[%d]", j)
	var findings []report.Finding
	for _, need := range needs {
		if need.Resource == "*" || !evaluate.Look(d, j, c.request(need)).Action {
			continue
		}
		for k, resource := range s.Resources {
			if resource == "*" {
				continue
			}
			for _, reason := range c.arnReasons(resource, need) {
				for _, sign := range []string{"placeholder", "not an ARN", "not a whole ARN", "ECR Public have none", "no part of the ARN", "is of ", "partition"} {
					if strings.Contains(reason, sign) {
						findings = append(findings, finding(d, fmt.Sprintf("%s.Resource[%d]", path, k), RulePolicy, report.Warning,
							fmt.Sprintf("write the Resource as %q, or remove it", need.Resource), fmt.Sprintf("Resource %q matches nothing here: it %s", resource, reason)))
						break
					}
				}
			}
		}
	}
	return findings
}

// alsoGranted returns examples of what a wildcard grants beyond the needs.
func alsoGranted(pattern string, needs []iam.Need) string {
	service, _, _ := strings.Cut(needs[0].Action, ":")
	var examples []string
	for _, action := range harm {
		full, needed := service+":"+action, false
		for _, need := range needs {
			needed = needed || need.Action == full
		}
		if !needed && evaluate.Glob(strings.ToLower(pattern), strings.ToLower(full)) {
			examples = append(examples, full)
		}
	}
	if len(examples) == 0 {
		return "whatever AWS adds under such a name"
	}
	return strings.Join(examples[:min(3, len(examples))], ", ") + " and more"
}

// strayed: an action that only reads harms less.
func strayed(name string) report.Severity {
	for _, reading := range []string{"get", "batchget", "batchcheck", "describe", "list"} {
		if strings.HasPrefix(name, reading) {
			return report.Info
		}
	}
	return report.Warning
}

// legacyVariables finds variables in a document whose version does not know them.
func legacyVariables(d document.Document) []report.Finding {
	if d.Version == document.Current {
		return nil
	}
	for j, s := range d.Statements {
		for k, resource := range s.Resources {
			if strings.Contains(resource, "${") {
				return []report.Finding{finding(d, fmt.Sprintf("Statement[%d].Resource[%d]", j, k), RulePolicy, report.Warning,
					fmt.Sprintf("add \"Version\": %q", document.Current), fmt.Sprintf("the variable in %q is plain text: the document's version is not %s", resource, document.Current))}
			}
		}
	}
	return nil
}
