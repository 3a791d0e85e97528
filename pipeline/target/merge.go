package target

import (
	"reflect"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// What the guide and the charts call these things; used where neither flag nor file says otherwise. There is
// no version for the CRDs: the partner of mural 1.0.7 isn't documented, and changing the registry needs no
// new CRDs, so without a version they are left alone.
const (
	DefaultRelease    = "mural"
	DefaultNamespace  = "mural-system"
	DefaultChart      = "oci://public.ecr.aws/mural/mural"
	DefaultCRDsChart  = "oci://public.ecr.aws/mural/mural-crds"
	DefaultRepository = "mural-workloads"
	DefaultHub        = "hub"
)

// Merge puts flags over a file: what a flag sets wins. Values and HelmRelease are one choice, and a list of
// spokes replaces the file's.
func (c Cutover) Merge(flags Cutover) Cutover {
	set(&c.APIVersion, flags.APIVersion)
	set(&c.Kind, flags.Kind)
	set(&c.Registry.Endpoint, flags.Registry.Endpoint)
	set(&c.Registry.Repository, flags.Registry.Repository)
	set(&c.Registry.Interval, flags.Registry.Interval)
	set(&c.Registry.Timeout, flags.Registry.Timeout)
	c.Registry.AllowPublic = c.Registry.AllowPublic || flags.Registry.AllowPublic
	c.Registry.AllRepositories = c.Registry.AllRepositories || flags.Registry.AllRepositories
	if flags.Registry.Repositories != nil {
		c.Registry.Repositories = flags.Registry.Repositories
	}
	if !reflect.ValueOf(flags.Registry.Create).IsZero() {
		c.Registry.Create = flags.Registry.Create
	}
	set(&c.Identity.Mode, flags.Identity.Mode)
	set(&c.Identity.RoleARN, flags.Identity.RoleARN)
	set(&c.Release.ManagedBy, flags.Release.ManagedBy)
	set(&c.Release.Name, flags.Release.Name)
	set(&c.Release.Namespace, flags.Release.Namespace)
	if flags.Release.Values != "" || flags.Release.HelmRelease != "" {
		c.Release.Values, c.Release.HelmRelease = flags.Release.Values, flags.Release.HelmRelease
	}
	set(&c.Release.Chart, flags.Release.Chart)
	set(&c.Release.Version, flags.Release.Version)
	set(&c.Release.CRDs.Chart, flags.Release.CRDs.Chart)
	set(&c.Release.CRDs.Version, flags.Release.CRDs.Version)
	c.Hub = mergeCluster(c.Hub, flags.Hub)
	if len(flags.Spokes) > 0 {
		c.Spokes = flags.Spokes
	}
	if len(flags.Waves) > 0 {
		c.Waves = flags.Waves
	}
	set(&c.Soak.For, flags.Soak.For)
	if flags.Soak.Failures != 0 {
		c.Soak.Failures = flags.Soak.Failures
	}
	return c
}

// WithDefaults fills in what neither flags nor file say. A HelmRelease means that Flux manages the release. No version
// of the chart is assumed: it is the one that is live.
func (c Cutover) WithDefaults() Cutover {
	managedBy := Helm
	if c.Release.HelmRelease != "" {
		managedBy = Flux
	}
	return Cutover{
		APIVersion: APIVersion, Kind: Kind,
		Registry: Registry{Repository: DefaultRepository},
		Identity: Identity{Mode: IRSA},
		Release: Release{
			ManagedBy: managedBy, Name: DefaultRelease, Namespace: DefaultNamespace,
			Chart: DefaultChart, CRDs: CRDs{Chart: DefaultCRDsChart},
		},
		Hub: Cluster{Name: DefaultHub},
	}.Merge(c)
}

// set takes the new value unless it is empty.
func set[T ~string](to *T, value T) {
	if value != "" {
		*to = value
	}
}

// ParseCluster reads a --spoke flag: name=…,kubeconfig=…,context=… or name=…,eks=…,region=…
func ParseCluster(text string) (Cluster, error) {
	var c Cluster
	for _, part := range strings.Split(text, ",") {
		key, value, ok := strings.Cut(part, "=")
		to := map[string]*string{
			"name": &c.Name, "kubeconfig": &c.Kubeconfig, "context": &c.Context, "eks": &c.EKS.Name, "eks-cluster": &c.EKS.Name, "region": &c.EKS.Region,
		}[strings.TrimSpace(key)]
		if !ok || to == nil || value == "" || *to != "" {
			return Cluster{}, fault.New(fault.Usage, "write --spoke name=spoke-1,kubeconfig=spoke-1.yaml,context=spoke-1 or --spoke name=spoke-1,eks=spoke-1,region=us-east-1", "parsing --spoke %q: didn't expect %q", text, part)
		}
		*to = value
	}
	if c.Name == "" {
		return Cluster{}, fault.New(fault.Usage, "add name=…", "parsing --spoke %q: it has no name", text)
	}
	return c, nil
}
