package validate

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	corev1 "k8s.io/api/core/v1"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Manifests are what the rendered proof looks at.
type Manifests struct {
	Chart   *helmchart.Chart
	Values  map[string]any // the new ones, in full
	Release chart.Release

	Endpoint string   // of the destination, as hue.ociRegistry has it
	Sources  []string // URLs of the source, as the hub and each spoke name it
	Secrets  []string // passwords of the source registry, old ones included: none may appear
}

// shortest is how long a password must be to be looked for: shorter ones are words that are found everywhere.
// Credentials with a short password are found by the Secrets that carry them all the same.
const shortest = 8

// Rendered proves, without a cluster, that what Helm makes of the new values holds no credential of a
// registry and no null in a Secret's stringData, names the destination, and does not name the source.
// Zot's own manifests may speak of Zot, for as long as they are rendered.
func Rendered(m Manifests, config Config) report.Proof {
	p := config.prover(report.ProofRendered, Cluster{Cluster: &cluster.Cluster{}})
	objects, err := chart.Render(m.Chart, m.Values, m.Release)
	if err != nil {
		return p.failed("the chart can't be rendered with the new values", Cause{Cause: sentence(err.Error()), Remedy: "Correct the values that the message names."})
	}
	named := 0
	var evidence []report.Evidence
	var first *Cause
	for _, object := range objects {
		flaws := m.flaws(object)
		for _, flaw := range flaws {
			evidence = append(evidence, report.Evidence{Object: object.Name() + " (" + object.Source + ")", Seen: flaw.Cause})
			if first == nil {
				first = &flaw
			}
		}
		named += count(object.Object.Object, m.Endpoint)
	}
	if first != nil {
		return p.failed(fmt.Sprintf("%d flaws in the %d manifests of the new values", len(evidence), len(objects)), *first, evidence...)
	}
	if m.Endpoint != "" && named == 0 {
		return p.failed("no manifest names the destination", Cause{
			Cause: "None of the chart's manifests has the endpoint " + m.Endpoint + ": the values do not reach what they are meant for.", Remedy: "Check hue.ociRegistry and fleetConfig.spokes in the values, and that the chart is the one that is installed.",
		})
	}
	seen := report.Evidence{Object: "chart " + m.Chart.Name() + " " + m.Chart.Metadata.Version, Seen: fmt.Sprintf("%d manifests, %d mentions of %s", len(objects), named, m.Endpoint), OK: true}
	return p.held(fmt.Sprintf("%d manifests hold no registry credential, no null in a Secret, and no address of the source", len(objects)), seen)
}

// flaws looks at one object. No message holds a value of a Secret.
func (m Manifests) flaws(object chart.Manifest) []Cause {
	var found []Cause
	if object.Object.GetKind() == "Secret" {
		found = append(found, nulls(object)...)
		found = append(found, credentials(object)...)
		found = append(found, m.logins(object)...)
	}
	if ofZot(object) {
		return found
	}
	for _, secret := range m.Secrets {
		if len(secret) >= shortest && count(object.Object.Object, secret) > 0 {
			found = append(found, Cause{
				Cause:  fmt.Sprintf("%s still holds the password of the old registry.", object.Name()),
				Remedy: "Remove basicAuth from hue and every spoke; where the chart's defaults bring it back, set it to null, as `palette-ecr render --chart` does.",
			})
			break
		}
	}
	for _, from := range m.hosts() {
		if count(object.Object.Object, "oci://"+from) == 0 && count(object.Object.Object, from+"/") == 0 {
			continue
		}
		found = append(found, Cause{
			Cause:  fmt.Sprintf("%s still names the old registry %s.", object.Name(), from),
			Remedy: "Set endpoint and repository for hue and for every spoke; `palette-ecr render` does both.",
		})
	}
	return found
}

// ofZot reports whether an object is made by the subchart of Zot itself.
func ofZot(object chart.Manifest) bool { return strings.Contains(object.Source, "/charts/zot/") }

// nulls finds keys that the API server refuses, or that mean an empty string by accident (seen with mural
// 1.1.0-rc.0, once basicAuth is gone).
func nulls(object chart.Manifest) []Cause {
	data, _ := object.Object.Object["stringData"].(map[string]any)
	var found []Cause
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if data[key] == nil {
			found = append(found, Cause{
				Cause:  fmt.Sprintf("%s has null under stringData.%s.", object.Name(), key),
				Remedy: "It is a defect of the chart's version: set the value to an empty string (for example basicAuthSecretName: \"\"), or use a newer chart.",
			})
		}
	}
	return found
}

// credentials finds what gives a registry's Secret credentials. A pull secret for other registries is none.
func credentials(object chart.Manifest) []Cause {
	data, _ := object.Object.Object["stringData"].(map[string]any)
	if !mural.IsRegistry(data) {
		return nil
	}
	var found []Cause
	for _, key := range []string{mural.BasicAuthSecretName, mural.Username, mural.Password} {
		if value, _ := data[key].(string); value != "" {
			found = append(found, Cause{
				Cause:  fmt.Sprintf("%s has %s, and with credentials of its own Flux ignores provider aws.", object.Name(), key),
				Remedy: "Remove basicAuth and basicAuthSecretName from hue and every spoke; `palette-ecr render` does both.",
			})
		}
	}
	return found
}

// logins finds a dockerconfigjson for the destination, or for the source outside of Zot's own manifests.
func (m Manifests) logins(object chart.Manifest) []Cause {
	if object.Object.Object["type"] != string(corev1.SecretTypeDockerConfigJson) || ofZot(object) {
		return nil
	}
	for _, name := range append([]string{registry.HostOf(m.Endpoint)}, m.hosts()...) {
		if count(object.Object.Object, name) > 0 {
			return []Cause{{
				Cause:  fmt.Sprintf("%s holds a login for %s; with one, Flux ignores provider aws.", object.Name(), name),
				Remedy: "Remove basicAuth and basicAuthSecretName from hue and every spoke; `palette-ecr render` does both.",
			}}
		}
	}
	return nil
}

// hosts are those of the source, each once.
func (m Manifests) hosts() []string {
	var all []string
	for _, source := range m.Sources {
		if host := registry.HostOf(source); host != "" && !slices.Contains(all, host) {
			all = append(all, host)
		}
	}
	return all
}

// count returns how often a text is in the strings of an object, also in what is base64 in a Secret, and in
// the base64 inside of a dockerconfigjson.
func count(value any, text string) int {
	if text == "" {
		return 0
	}
	switch v := value.(type) {
	case map[string]any:
		n := 0
		for key, inner := range v {
			n += strings.Count(key, text) + count(inner, text)
		}
		return n
	case []any:
		n := 0
		for _, inner := range v {
			n += count(inner, text)
		}
		return n
	case string:
		return countIn(v, text, 3)
	}
	return 0
}

// countIn looks into a string, and into the base64 in it, depth levels deep.
func countIn(s, text string, depth int) int {
	n := strings.Count(s, text)
	if n > 0 || depth == 0 {
		return n
	}
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !isBase64(r) }) {
		if len(word) < len(text) {
			continue
		}
		if decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(word, "=")); err == nil {
			n += countIn(string(decoded), text, depth-1)
		}
	}
	return n
}

func isBase64(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/' || r == '='
}
