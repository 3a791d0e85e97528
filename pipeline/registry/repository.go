package registry

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// The rules for names of ECR repositories: docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Repository.html.
const (
	minName = 2
	maxName = 256
)

var namePattern = regexp.MustCompile(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

// Repository is one repository in a registry.
type Repository struct {
	Registry Registry
	Name     string // as the registry's API has it: namespace/name, without the alias of ECR Public
}

// Repository names a repository under the registry's namespace: the name is what stands in
// hue.ociRegistry.repository. For ECR the full name must keep ECR's rules (2 to 256 characters of lower-case
// letters, digits and single separators); the error is a *fault.Error with code Usage.
func (r Registry) Repository(name string) (Repository, error) {
	full := join(r.Namespace, name)
	bad := func(remedy, format string, args ...any) (Repository, error) {
		return Repository{}, fault.New(fault.Usage, remedy, "naming repository %q in %q: %s", name, r.Endpoint(), fmt.Sprintf(format, args...))
	}
	switch {
	case name == "":
		return bad("give the repository's name, for example mural-workloads", "the name is empty")
	case strings.ContainsAny(name, "<>{}$"):
		return bad("write your own repository in place of the placeholder", "a placeholder is left in it")
	case strings.Contains(name, "://"):
		return bad("give the name alone; the address belongs into the endpoint", "it is an address")
	case strings.Contains(name, ":") && strings.Contains(name, "@") && !strings.Contains(name[strings.LastIndex(name, "@"):], ":"):
		name = "****" + name[strings.LastIndex(name, "@"):]
		return bad("remove the user name and password, and the host: it belongs into the endpoint", "it holds a user name")
	case strings.ContainsAny(name, ":@"):
		return bad("remove the tag or digest", "it holds a tag or a digest")
	}
	pattern := pathPattern
	if r.IsECR() {
		pattern = namePattern
	}
	switch {
	case pattern.MatchString(full):
	case pattern.MatchString(strings.ToLower(full)):
		return bad("write it in lower case", "it has capitals")
	default:
		return bad("use lower-case letters and digits, with single '.', '_', '-' or '/' between them", "%q is not a repository name", full)
	}
	if r.IsECR() && (len(full) < minName || len(full) > maxName) {
		return bad("take another name or namespace", "%q has %d characters; ECR takes %d to %d", full, len(full), minName, maxName)
	}
	return Repository{Registry: r, Name: full}, nil
}

// URL is what spec.url of an OCIRepository must be, exactly: oci://host/path.
func (r Repository) URL() string { return "oci://" + r.Reference() }

// Reference is the URL without its scheme.
func (r Repository) Reference() string { return join(r.Registry.Host, r.Path()) }

// Path is the repository's path in the registry's HTTP API (/v2/<path>/): with the alias for ECR Public.
func (r Repository) Path() string { return join(r.Registry.Alias, r.Name) }

// String is URL.
func (r Repository) String() string { return r.URL() }

// ARN is the repository's ARN; "" where the account isn't known from the address (ECR Public, for which see
// ARNFor) or where there is none (Other).
func (r Repository) ARN() string {
	if r.Registry.Kind != Private {
		return ""
	}
	return r.ARNFor(r.Registry.AccountID)
}

// ARNFor is the repository's ARN in the given account. ECR Public's has neither region nor alias.
func (r Repository) ARNFor(account string) string {
	switch r.Registry.Kind {
	case Private:
		return fmt.Sprintf("arn:%s:ecr:%s:%s:repository/%s", r.Registry.Partition, r.Registry.Region, account, r.Name)
	case Public:
		return fmt.Sprintf("arn:%s:ecr-public::%s:repository/%s", r.Registry.Partition, account, r.Name)
	}
	return ""
}
