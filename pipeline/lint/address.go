package lint

import (
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// addressRules are about the endpoint and the repository's name by themselves.
func addressRules() []rule {
	return []rule{
		{
			Rule: report.Rule{
				ID: "L02", Severity: report.Error,
				Title:  "Endpoint isn't written as oci://host/path",
				Why:    "The endpoint, a slash and the repository make the OCIRepository's URL, which must match ^oci://.*$ and hold no tag or digest; a slash at the end or white space makes another repository of it.",
				Source: "fluxcd/source-controller api/v1/ocirepository_types.go (url); the guide",
				Fix:    "write oci://<account>.dkr.ecr.<region>.amazonaws.com/<namespace> or oci://public.ecr.aws/<alias>",
			},
			fixable: true, check: endpointForm,
		},
		{
			Rule: report.Rule{
				ID: "L04", Severity: report.Error,
				Title:  "Endpoint and repository don't make the repository's name",
				Why:    "ECR's repository is the endpoint's path, a slash, and the repository. A namespace written into both, or a repository written into the endpoint, names one that doesn't exist, and pushing answers NAME_UNKNOWN.",
				Source: "the guide (aws ecr describe-images --repository-name <ecr-namespace>/<ecr-repo-name>)",
				Fix:    "keep the namespace in the endpoint, and only the rest of the name in repository",
			},
			fixable: true, check: fullName,
		},
		{
			Rule: report.Rule{
				ID: "L05", Severity: report.Error,
				Title:  "Address of ECR Public is wrong",
				Why:    "ECR Public has one host without a region, and every registry there an alias, which is in the endpoint and nowhere else.",
				Source: "the guide (\"The ECR Public registry's alias is not included in the resource ARN\"); https://docs.aws.amazon.com/AmazonECR/latest/public/public-registries.html",
				Fix:    "write oci://public.ecr.aws/<alias> as endpoint, and repository without the alias",
			},
			fixable: true, check: publicAddress,
		},
		{
			Rule: report.Rule{
				ID: "L20", Severity: report.Error,
				Title:  "Repository's name isn't one that ECR takes",
				Why:    "ECR takes 2 to 256 characters: lower-case letters and digits, with single '.', '_', '-' or '/' between them. Another name can't be created, so that nothing can be pushed there.",
				Source: "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Repository.html",
				Fix:    "rename it",
			},
			check: repositoryName,
		},
	}
}

// flaw returns which rule an endpoint breaks, and how: "" for none, and for placeholders, which are a rule of
// their own.
func (r *registrySettings) flaw() (rule, message, remedy string) {
	endpoint := r.endpoint.text()
	if r.err == nil || placeholder.MatchString(endpoint) {
		return "", "", ""
	}
	message, remedy = r.err.Error(), fault.RemedyOf(r.err)
	if _, after, ok := strings.Cut(message, `": `); ok {
		message = after
	}
	message = "endpoint of " + r.who() + ": " + message
	rest, ok := strings.CutPrefix(endpoint, "oci://")
	host, path, _ := strings.Cut(rest, "/")
	switch {
	case !ok, strings.ContainsAny(rest, " \t\n@?#"), strings.HasSuffix(rest, "/"), strings.Contains(path, ":"):
		return "L02", message, remedy
	case r.looks == public:
		return "L05", message, remedy
	case r.looks == private && hostFlawed(host):
		return "L09", message, remedy
	case path != "" && !hostFlawed(host):
		return "L20", message, remedy
	}
	return "L02", message, remedy
}

// hostFlawed reports whether the host is wrong, whatever the path.
func hostFlawed(host string) bool {
	_, err := registry.Parse("oci://" + host)
	return err != nil
}

// flaws reports the endpoints that break a rule.
func flaws(v *view, rule string) {
	v.registries(func(r *registrySettings) {
		if r.err == nil {
			return
		}
		if id, message, remedy := r.flaw(); id == rule && r.endpoint.text() != "" {
			v.about(report.Error, r.endpoint, remedy, "%s", message)
		}
	})
}

func endpointForm(v *view) error {
	flaws(v, "L02")
	v.registries(func(r *registrySettings) {
		if value := r.endpoint.value(); value != nil && r.endpoint.text() == "" && !r.endpoint.unseen() {
			v.about(report.Error, r.endpoint, "write the registry's address", "endpoint of %s is %s", r.who(), shown(value))
		}
	})
	return nil
}

func fullName(v *view) error {
	v.registries(func(r *registrySettings) {
		name, path := r.repository.text(), r.Namespace
		switch {
		case !r.ecr() || r.err != nil || name == "":
		case r.Kind == registry.Public && (name == r.Alias || strings.HasPrefix(name, r.Alias+"/")): // L05
		case path != "" && (name == path || strings.HasSuffix(path, "/"+name)):
			v.about(report.Error, r.endpoint, "end the endpoint before the repository's name", "endpoint of %s already ends with the repository's name: together they name %q", r.who(), path+"/"+name)
		case path != "" && strings.HasPrefix(name, path+"/"):
			v.about(report.Error, r.repository, "write repository: "+strings.TrimPrefix(name, path+"/"), "repository of %s repeats the namespace %q of the endpoint: together they name %q", r.who(), path, path+"/"+name)
		case r.hub && v.in.Destination.Registry.IsECR():
			wantedName(v, r)
		}
	})
	return nil
}

// wantedName compares the whole name with the one that was asked for.
func wantedName(v *view, r *registrySettings) {
	want := v.in.Destination
	host := r.Registry
	host.Namespace = want.Registry.Namespace
	if !host.Same(want.Registry) { // L06
		return
	}
	if got := strings.Trim(r.Namespace+"/"+r.repository.text(), "/"); got != want.Name {
		v.about(report.Error, r.repository, "write endpoint: "+want.Registry.Endpoint()+" and repository: "+strings.TrimPrefix(strings.TrimPrefix(want.Name, want.Registry.Namespace), "/"),
			"endpoint and repository of %s name %q, not %q", r.who(), got, want.Name)
	}
}

func publicAddress(v *view) error {
	flaws(v, "L05")
	v.registries(func(r *registrySettings) {
		name := r.repository.text()
		if r.err != nil || r.Kind != registry.Public || name == "" {
			return
		}
		if name == r.Alias || strings.HasPrefix(name, r.Alias+"/") {
			v.about(report.Error, r.repository, "write the repository without the alias", "repository of %s repeats the alias %q, which belongs into the endpoint alone", r.who(), r.Alias)
		}
	})
	return nil
}

func repositoryName(v *view) error {
	flaws(v, "L20")
	v.registries(func(r *registrySettings) {
		value := r.repository.value()
		name := r.repository.text()
		switch {
		case !r.ecr() || placeholder.MatchString(name) || r.repository.unseen():
		case value == nil:
			if r.hub && r.endpoint.own {
				v.missing(report.Error, r.repository, "add the repository, for example mural-workloads", "repository of hue isn't set")
			}
		case r.err == nil && name == "" && value != "":
			v.about(report.Error, r.repository, "write the name in quotes", "repository of %s is %s, where a name must be a text", r.who(), shown(value))
		case r.err == nil:
			if _, err := r.Registry.Repository(name); err != nil {
				message := err.Error()
				if i := strings.LastIndex(message, `": `); i >= 0 {
					message = message[i+3:]
				}
				v.about(report.Error, r.repository, fault.RemedyOf(err), "repository of %s: %s", r.who(), message)
			}
		}
	})
	return nil
}

// placeholder is what stands where a reader, a template or envsubst writes something of their own. A dollar sign
// behind a letter or digit is none: hashed passwords ($2a$04$Z...) are full of them.
var placeholder = regexp.MustCompile(`<[A-Za-z][A-Za-z0-9 _.-]*>|\$\{[A-Za-z_][A-Za-z0-9_]*\}|\B\$[A-Z_]+|\{\{`)
