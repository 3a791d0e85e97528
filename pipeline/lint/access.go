package lint

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// accessRules are about how a registry is reached: provider, credentials, TLS.
func accessRules() []rule {
	return []rule{
		{
			Rule: report.Rule{
				ID: "L01", Severity: report.Error,
				Title:  "Credentials of the old registry beside provider aws",
				Why:    "source-controller asks AWS for a token only when there is no secretRef: with basicAuth left, provider aws is silently ignored, Zot's password is sent to ECR, and ECR answers 401.",
				Source: "the guide (\"remove the basicAuth section\"); fluxcd/source-controller internal/controller/ocirepository_controller.go",
				Fix:    "remove basicAuth and basicAuthSecretName; where the chart's own defaults bring basicAuth back, set it to null",
			},
			fixable: true, check: leftCredentials,
		},
		{
			Rule: report.Rule{
				ID: "L03", Severity: report.Error,
				Title:  "Provider and registry don't go together",
				Why:    "Without provider aws nobody logs in to ECR, which answers 401 (\"no basic auth credentials\"); with provider aws and a host that isn't ECR's, Flux answers \"invalid AWS registry\".",
				Source: "fluxcd/website#1591, fluxcd/pkg#429; fluxcd/pkg auth/aws/provider.go (registryPattern)",
				Fix:    "set provider to aws exactly where the endpoint is ECR's own host",
			},
			fixable: true, check: providers,
		},
		{
			Rule: report.Rule{
				ID: "L08", Severity: report.Error,
				Title:  "TLS is off for ECR",
				Why:    "insecure lets Flux speak plain HTTP and, without a certSecretRef, skip the verification of certificates. ECR is always TLS with public certificates: whoever stands between can replace what every cluster runs.",
				Source: "fluxcd/source-controller api/v1/ocirepository_types.go (insecure)",
				Fix:    "set insecure to false",
			},
			fixable: true, check: insecure,
		},
		{
			Rule: report.Rule{
				ID: "L17", Severity: report.Error,
				Title:  "Hue's registry isn't enabled",
				Why:    "Without hue.ociRegistry.enabled true the chart makes no registry settings at all, and nothing is pushed.",
				Source: "the guide, \"Configure Hue to push OCI artifacts to ECR\"",
				Fix:    "set hue.ociRegistry.enabled to true",
			},
			fixable: true, check: enabled,
		},
	}
}

func leftCredentials(v *view) error {
	const remedy = "remove it: with ECR, AWS handles authentication (`lint --fix` and `render` do it)"
	layered := func(r *registrySettings) string {
		return "take it out of " + r.basicAuth.layer.Name + ", or set " + r.basicAuth.path + " to null here (`render` does it)"
	}
	found := len(v.findings)
	v.registries(func(r *registrySettings) {
		if !r.ecr() {
			return
		}
		if r.basicAuth.set() {
			if layer, ok := v.file.Setting(r.basicAuth.path); ok {
				v.add(report.Error, r.basicAuth.at(layer.Place), fmt.Sprintf("take the entry out of spec.valuesFrom, at line %d", layer.Place.Line),
					"basicAuth of %s comes back from %s: helm-controller sets that over spec.values, or fails where null stands in its way", r.who(), layer.Origin())
			} else if r.basicAuth.layer.Name != "" {
				v.add(report.Error, r.basicAuth.key(), v.byRender(layered(r)), "basicAuth of %s comes back from %s, which is merged with the values: Flux sends it to ECR and ignores provider aws", r.who(), r.basicAuth.layer.Name)
			} else if r.basicAuth.own && !r.basicAuth.node.IsNull() {
				v.add(report.Error, r.basicAuth.key(), v.byRender(remedy), "basicAuth of %s is still there: Flux sends it to ECR and ignores provider aws", r.who())
			} else {
				v.add(report.Error, r.basicAuth.key(), "set "+r.basicAuth.path+" to null: deleting it from the file isn't enough", "basicAuth of %s comes back from the chart's default values: Helm merges them under the file's", r.who())
			}
		}
		if name := r.at.sub(mural.BasicAuthSecretName); !name.empty() {
			v.aboutAt(report.Error, name, name.key(), v.byRender(remedy), "basicAuthSecretName of %s is still there, like a basicAuth: Flux uses that Secret and ignores provider aws", r.who())
		}
	})
	if len(v.findings) == found {
		renderedCredentials(v)
	}
	return nil
}

// renderedCredentials looks at what the chart makes: credentials may come from keys that this tool doesn't know.
func renderedCredentials(v *view) {
	objects, _ := v.manifests() // L23 says why there are none
	for _, o := range objects {
		data, _, _ := unstructured.NestedMap(o.Object.Object, "stringData")
		if o.Object.GetKind() != "Secret" || data[mural.Provider] != "aws" {
			continue
		}
		if name, _ := data[mural.BasicAuthSecretName].(string); name != "" {
			place := settingsOf(v, o).key()
			place.Object = o.Name()
			v.add(report.Error, place, "find the key in the chart's values that names it, and empty it", "%s still gets basicAuthSecretName %q (%s): Flux uses that Secret and ignores provider aws", o.Name(), name, o.Source)
		}
	}
}

func providers(v *view) error {
	v.registries(func(r *registrySettings) {
		if r.endpoint.text() == "" || r.provider.unseen() {
			return
		}
		provider := r.provider.text()
		switch {
		case r.ecr() && provider == "aws":
		case r.looks == public && !r.hub && (!r.provider.set() || provider == "generic"):
			v.about(report.Warning, r.provider, "set provider to aws, as the guide does", "%s pulls from ECR Public anonymously, without provider aws: that works, but under a low rate limit", r.who())
		case r.ecr() && !r.provider.set():
			v.missing(report.Error, r.provider, "add provider: aws", "provider of %s isn't set, so that nobody logs in to ECR", r.who())
		case r.ecr():
			v.about(report.Error, r.provider, "write provider: aws", "provider of %s is %s, so that nobody logs in to ECR", r.who(), shown(r.provider.value()))
		case provider == "aws" && !r.zot():
			v.about(report.Error, r.endpoint, "write ECR's own host; Flux knows no aliases and proxies of it", "provider of %s is aws, but %q isn't a host of ECR", r.who(), withoutUser(r.endpoint.text()))
		case provider == "aws":
			v.about(report.Error, r.provider, "point the endpoint at ECR too, or write provider: generic", "provider of %s is aws, but its endpoint is still Zot", r.who())
		}
	})
	return nil
}

func insecure(v *view) error {
	v.registries(func(r *registrySettings) {
		switch value := r.insecure.value(); {
		case !r.ecr() || r.insecure.unseen() || value == nil || value == false:
		case value == true && r.insecure.inherited():
			v.add(report.Error, r.insecure.key(), "add insecure: false", "insecure of %s is true by the chart's default, and so TLS isn't verified for ECR", r.who())
		case value == true:
			v.about(report.Error, r.insecure, "write insecure: false", "insecure of %s is true, and so TLS isn't verified for ECR", r.who())
		default:
			v.about(report.Error, r.insecure, "write insecure: false", "insecure of %s is %s, which is no boolean", r.who(), shown(value))
		}
	})
	return nil
}

func enabled(v *view) error {
	s := v.hub.at.sub(mural.Enabled)
	switch value := s.value(); {
	case !v.hub.ecr() || value == true:
	case value == nil:
		v.missing(report.Error, s, "add enabled: true", "hue.ociRegistry.enabled isn't set")
	default:
		v.about(report.Error, s, "write enabled: true", "hue.ociRegistry.enabled is %s", shown(value))
	}
	return nil
}

// isPublic reports whether a parsed address is ECR Public's.
func (r *registrySettings) isPublic() bool { return r.looks == public || r.Kind == registry.Public }
