package check

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// wrongResource says why no resource of the statement covers the need.
func (c Check) wrongResource(document int, path string, s document.Statement, need iam.Need) (lack, bool) {
	if s.NotResources != nil {
		return lack{document: document, path: path + ".NotResource", severity: report.Error, reason: "NotResource excludes it", remedy: "name the repository in Resource instead"}, true
	}
	best := -1 // the ARN with the fewest differences was meant
	var differences []string
	for i, resource := range s.Resources {
		reasons := c.arnReasons(resource, need)
		if len(reasons) > 0 && (best < 0 || len(reasons) < len(differences)) {
			best, differences = i, reasons
		}
	}
	if best < 0 {
		return lack{}, false
	}
	remedy := fmt.Sprintf("write the Resource as %q", need.Resource)
	if need.Resource == "*" {
		remedy = `grant it on "*", in a statement of its own`
	}
	return lack{document: document, path: fmt.Sprintf("%s.Resource[%d]", path, best), severity: report.Error,
		reason: fmt.Sprintf("Resource %q %s", s.Resources[best], strings.Join(differences, ", and ")), remedy: remedy}, true
}

// arnReasons returns how a resource of a policy differs from the one that is needed.
func (c Check) arnReasons(resource string, need iam.Need) []string {
	_, action, _ := strings.Cut(need.Action, ":")
	switch {
	case need.Resource == "*":
		return []string{fmt.Sprintf("is one resource, but %s knows no resources: it must be granted on \"*\"", action)}
	case strings.ContainsAny(resource, "<>"):
		return []string{"still holds a placeholder"}
	case strings.Contains(resource, "://") || !strings.HasPrefix(resource, "arn:"):
		return []string{"is not an ARN"}
	}
	got, want := strings.SplitN(resource, ":", 6), strings.SplitN(need.Resource, ":", 6)
	if len(got) < 6 {
		return []string{"is not a whole ARN (arn:partition:service:region:account:repository/name)"}
	}
	var reasons []string
	differ := func(i int) bool { return !evaluate.Glob(got[i], want[i]) }
	public := c.Wanted.Repository.Registry.Kind == registry.Public
	if differ(1) {
		reasons = append(reasons, fmt.Sprintf("is in partition %s, not %s", got[1], want[1]))
	}
	if differ(2) {
		reasons = append(reasons, fmt.Sprintf("is of %s, not %s", got[2], want[2]))
	}
	switch {
	case !differ(3):
	case public:
		reasons = append(reasons, fmt.Sprintf("has the region %s, but ARNs of ECR Public have none", got[3]))
	case got[3] == "":
		reasons = append(reasons, "lacks the region "+want[3])
	default:
		reasons = append(reasons, fmt.Sprintf("is in region %s, not %s", got[3], want[3]))
	}
	if differ(4) {
		reasons = append(reasons, fmt.Sprintf("is in account %s, not %s", orNone(got[4]), want[4]))
	}
	if differ(5) {
		reasons = append(reasons, c.nameReason(got[5], want[5]))
	}
	return reasons
}

// nameReason compares what follows the account: repository/<name>.
func (c Check) nameReason(got, want string) string {
	r := c.Wanted.Repository
	name := strings.TrimPrefix(got, "repository/")
	switch alias := r.Registry.Alias; {
	case name == got:
		return fmt.Sprintf("lacks \"repository/\" before the name (%s)", want)
	case alias != "" && strings.HasPrefix(name, alias+"/"):
		return fmt.Sprintf("holds the alias %s, which is no part of the ARN", alias)
	case r.Registry.Namespace != "" && r.Registry.Namespace+"/"+name == r.Name:
		return fmt.Sprintf("lacks the namespace %s before the name", r.Registry.Namespace)
	case strings.HasPrefix(r.Name, name+"/"):
		return fmt.Sprintf("names the namespace only, not the repository %s", r.Name)
	}
	return fmt.Sprintf("names the repository %s, not %s", name, r.Name)
}

func orNone(text string) string {
	if text == "" {
		return "(none)"
	}
	return text
}
