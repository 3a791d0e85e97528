package state

import (
	"maps"

	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Registry is hue.ociRegistry in a release's merged values. It holds a password: it is never shown.
type Registry struct {
	Endpoint   string `json:"endpoint"`
	Repository string `json:"repository"`
	Insecure   bool   `json:"insecure"`
	BasicAuth  struct {
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"basicAuth"`
}

// Address returns the repository that the settings name.
func (r Registry) Address() (registry.Repository, error) {
	at, err := registry.Parse(r.Endpoint)
	if err != nil {
		return registry.Repository{}, err
	}
	return at.Repository(r.Repository)
}

// registryOf reads hue.ociRegistry, and whether Zot is on, from a release's merged values.
func registryOf(merged map[string]any) (hue Registry, zot bool, err error) {
	var v struct {
		Hue struct {
			OCIRegistry Registry `json:"ociRegistry"`
		} `json:"hue"`
		Zot struct {
			Enabled bool `json:"enabled"`
		} `json:"zot"`
	}
	text, err := yaml.Marshal(merged)
	if err == nil {
		err = yaml.Unmarshal(text, &v)
	}
	if err != nil {
		// The cause would quote values, and so perhaps a password.
		return Registry{}, false, fault.New(fault.Refused, "look at it with `helm get values mural --all`", "reading hue.ociRegistry and zot of the live release: they don't have the form that chart mural gives them")
	}
	return v.Hue.OCIRegistry, v.Zot.Enabled, nil
}

// WithoutZot returns values with zot.enabled false; those that were given stay as they are.
func WithoutZot(values map[string]any) map[string]any {
	all, zot := map[string]any{}, map[string]any{}
	maps.Copy(all, values)
	if given, ok := values["zot"].(map[string]any); ok {
		maps.Copy(zot, given)
	}
	zot["enabled"] = false
	all["zot"] = zot
	return all
}
