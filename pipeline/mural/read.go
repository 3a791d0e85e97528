package mural

import (
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Values are the settings of a release that this tool reads. They hold passwords: they are never shown.
type Values struct {
	Hue       Registry
	Spokes    []Spoke
	HueRole   string // IAM role on hue's ServiceAccount, "" if none
	FluxRole  string // IAM role on source-controller's ServiceAccount
	Zot       bool   // zot.enabled
	FluxIsOff bool   // flux2.enabled is false: the cluster has a Flux of its own
}

// Registry is an ociRegistry: hue's, or a spoke's.
type Registry struct {
	Endpoint            string `json:"endpoint"`
	Repository          string `json:"repository"`
	Enabled             bool   `json:"enabled"` // of hue only
	Insecure            bool   `json:"insecure"`
	Interval            string `json:"interval"`
	Timeout             string `json:"timeout"`
	Provider            string `json:"provider"`
	BasicAuth           Login  `json:"basicAuth"`
	CertSecretName      string `json:"certSecretName"`      // Secret with the registry's authority, or a client certificate
	ProxySecretName     string `json:"proxySecretName"`     // Secret with a proxy's address
	BasicAuthSecretName string `json:"basicAuthSecretName"` // Secret with credentials
}

// Login is a user name and a password. It is never shown.
type Login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// Spoke is an entry of fleetConfig.spokes.
type Spoke struct {
	Name          string
	InCluster     bool   // kubeconfig.inCluster: the spoke is the hub itself
	KubeconfigRef string // name of the Secret that kubeconfig.secretReference names
	KubeconfigKey string // its key, where the entry says one
	HasKubeconfig bool   // the entry has a kubeconfig at all
	HasKlusterlet bool
	Registry      Registry
	HasRegistry   bool // the entry has an ociRegistry
}

// IsHub reports whether the spoke is the hub itself.
func (s Spoke) IsHub() bool { return s.InCluster || s.Name == "hub-as-spoke" }

// HasCredentials reports whether the registry is reached with stored credentials.
func (r Registry) HasCredentials() bool {
	return r.BasicAuth != Login{} || r.BasicAuthSecretName != ""
}

// Address returns the repository that the settings name.
func (r Registry) Address() (registry.Repository, error) {
	parsed, err := registry.Parse(r.Endpoint)
	if err != nil {
		return registry.Repository{}, err
	}
	return parsed.Repository(r.Repository)
}

// document is the part of the values that Read looks at, as the chart has it.
type document struct {
	Hue struct {
		OCIRegistry    Registry `json:"ociRegistry"`
		ServiceAccount account  `json:"serviceAccount"`
	} `json:"hue"`
	FleetConfig struct {
		Spokes []struct {
			Name       string `json:"name"`
			Kubeconfig *struct {
				InCluster       bool `json:"inCluster"`
				SecretReference struct {
					Name          string `json:"name"`
					KubeconfigKey string `json:"kubeconfigKey"`
				} `json:"secretReference"`
			} `json:"kubeconfig"`
			Klusterlet  map[string]any `json:"klusterlet"`
			OCIRegistry *Registry      `json:"ociRegistry"`
		} `json:"spokes"`
	} `json:"fleetConfig"`
	Flux struct {
		Enabled          *bool `json:"enabled"`
		SourceController struct {
			ServiceAccount account `json:"serviceAccount"`
		} `json:"sourceController"`
	} `json:"flux2"`
	Zot struct {
		Enabled bool `json:"enabled"`
	} `json:"zot"`
}

type account struct {
	Annotations map[string]string `json:"annotations"`
}

// Read reads the settings of merged values: those that templates see, the chart's defaults under the user's. The
// error is a *fault.Error (Refused) and quotes no value.
func Read(merged map[string]any) (Values, error) {
	var d document
	text, err := yaml.Marshal(merged)
	if err == nil {
		err = yaml.Unmarshal(text, &d)
	}
	if err != nil {
		// The cause would quote values, and so perhaps a password.
		return Values{}, fault.New(fault.Refused, "look at them with `helm get values mural --all`: hue, fleetConfig.spokes, flux2 and zot",
			"reading the registry settings of the release: they don't have the form that chart mural gives them")
	}
	v := Values{
		Hue: d.Hue.OCIRegistry, Zot: d.Zot.Enabled, FluxIsOff: d.Flux.Enabled != nil && !*d.Flux.Enabled,
		HueRole: d.Hue.ServiceAccount.Annotations[RoleAnnotation], FluxRole: d.Flux.SourceController.ServiceAccount.Annotations[RoleAnnotation],
	}
	for _, s := range d.FleetConfig.Spokes {
		spoke := Spoke{Name: s.Name, HasKubeconfig: s.Kubeconfig != nil, HasKlusterlet: s.Klusterlet != nil}
		if s.Kubeconfig != nil {
			spoke.InCluster, spoke.KubeconfigRef = s.Kubeconfig.InCluster, s.Kubeconfig.SecretReference.Name
			spoke.KubeconfigKey = s.Kubeconfig.SecretReference.KubeconfigKey
		}
		if s.OCIRegistry != nil {
			spoke.HasRegistry, spoke.Registry = true, *s.OCIRegistry
		}
		v.Spokes = append(v.Spokes, spoke)
	}
	return v, nil
}
