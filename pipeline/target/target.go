// Package target is the typed value that says what a cutover is to reach: which registry, with which
// identity, for which release, on which clusters. It comes from flags, from a file, or from both.
package target

// IdentityMode is how pods get their AWS identity (domain terms: the guide's EKS and IaaS tabs, and EKS
// Pod Identity, which the guide does not cover).
type IdentityMode string

const (
	IRSA            IdentityMode = "irsa"             // IAM Roles for Service Accounts: annotations on hue and source-controller
	PodIdentity     IdentityMode = "pod-identity"     // EKS Pod Identity associations: nothing in the values
	InstanceProfile IdentityMode = "instance-profile" // the EC2 node's role: nothing in the values
)

// ManagedBy is who applies the release.
type ManagedBy string

const (
	Helm ManagedBy = "helm"
	Flux ManagedBy = "flux"
)

// Cutover is what is wanted.
type Cutover struct {
	APIVersion string    `yaml:"apiVersion"`
	Kind       string    `yaml:"kind"`
	Registry   Registry  `yaml:"registry"`
	Identity   Identity  `yaml:"identity"`
	Release    Release   `yaml:"release"`
	Hub        Cluster   `yaml:"hub"`
	Spokes     []Cluster `yaml:"spokes"`
	Waves      []Wave    `yaml:"waves"`
	Soak       Soak      `yaml:"soak"`
}

// Registry is the destination.
type Registry struct {
	Endpoint    string `yaml:"endpoint"`    // oci://<account>.dkr.ecr.<region>.amazonaws.com/<namespace> or oci://public.ecr.aws/<alias>
	Repository  string `yaml:"repository"`  // the last part of the repository's name, for example mural-workloads
	AllowPublic bool   `yaml:"allowPublic"` // ECR Public makes the rendered manifests world-readable
	Interval    string `yaml:"interval"`    // how often Flux looks; empty keeps what the values have
	Timeout     string `yaml:"timeout"`     // how long Flux waits; empty keeps what the values have

	AllRepositories bool              `yaml:"allRepositories"` // copy every repository of Zot, not that of the workloads alone
	Repositories    map[string]string `yaml:"repositories"`    // where repositories of Zot go, below the endpoint; others keep their names
	Create          Creation          `yaml:"create"`          // settings of those that are made with --create-repository
}

// Creation is what repositories in ECR are made with. Empty is ECR's own.
type Creation struct {
	TagMutability   string            `yaml:"tagMutability"` // MUTABLE or IMMUTABLE
	KMSKey          string            `yaml:"kmsKey"`
	ScanOnPush      bool              `yaml:"scanOnPush"`
	Tags            map[string]string `yaml:"tags"`
	LifecyclePolicy string            `yaml:"lifecyclePolicy"` // path of its JSON
}

// Identity is how hue and source-controller reach ECR.
type Identity struct {
	Mode    IdentityMode `yaml:"mode"`
	RoleARN string       `yaml:"roleARN"` // with IRSA only
}

// Release is the Helm release of PaletteAI.
type Release struct {
	ManagedBy   ManagedBy `yaml:"managedBy"`
	Name        string    `yaml:"name"` // mural
	Namespace   string    `yaml:"namespace"`
	Values      string    `yaml:"values"`      // path of the user's values.yaml
	HelmRelease string    `yaml:"helmRelease"` // or path of the HelmRelease manifest
	Chart       string    `yaml:"chart"`       // oci://, directory or .tgz
	Version     string    `yaml:"version"`
	CRDs        CRDs      `yaml:"crds"`
}

// CRDs is the chart that must be upgraded before the release.
type CRDs struct {
	Chart   string `yaml:"chart"`
	Version string `yaml:"version"`
}

// Cluster is one cluster to reach: the hub, or a spoke. It is reached by a kubeconfig or as an EKS cluster. An empty
// kubeconfig means the usual ones (KUBECONFIG, then ~/.kube/config); an empty context means the current one.
type Cluster struct {
	Name       string `yaml:"name"`
	Kubeconfig string `yaml:"kubeconfig"`
	Context    string `yaml:"context"`
	EKS        EKS    `yaml:"eks"`
}

// ValuesPath is the path of the user's values, whichever kind of file they are in.
func (c Cutover) ValuesPath() string {
	if c.Release.HelmRelease != "" {
		return c.Release.HelmRelease
	}
	return c.Release.Values
}
