package target

import (
	"regexp"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Need is what a command needs of the target.
type Need string

const (
	NeedRegistry Need = "registry" // where to: endpoint, repository, consent to a public one
	NeedIdentity Need = "identity" // how pods get there
	NeedValues   Need = "values"   // a values.yaml or a HelmRelease
	NeedRelease  Need = "release"  // name, namespace, chart
	NeedClusters Need = "clusters" // hub and spokes
)

// all is what the whole run needs.
var all = []Need{NeedRegistry, NeedIdentity, NeedValues, NeedRelease, NeedClusters}

// Validate checks the parts that are needed, all of them when none is named, and gives the first fault: a
// *fault.Error with code Usage. Defaults must have been filled in.
func (c Cutover) Validate(needs ...Need) error {
	if len(needs) == 0 {
		needs = all
	}
	if err := c.Soak.check(); err != nil {
		return err
	}
	if slices.Contains(needs, NeedClusters) {
		if err := c.checkWaves(); err != nil {
			return err
		}
	}
	for _, need := range needs {
		var err error
		switch need {
		case NeedRegistry:
			err = c.validateRegistry()
		case NeedIdentity:
			err = c.validateIdentity()
		case NeedValues:
			err = c.validateValues()
		case NeedRelease:
			err = c.validateRelease()
		case NeedClusters:
			err = c.validateClusters()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Destination is the repository that everything goes to.
func (c Cutover) Destination() (registry.Repository, error) {
	if c.Registry.Endpoint == "" {
		return registry.Repository{}, wrong("give --endpoint or registry.endpoint, for example oci://<account>.dkr.ecr.<region>.amazonaws.com/<namespace>", "the target names no registry")
	}
	r, err := registry.Parse(c.Registry.Endpoint)
	if err != nil {
		return registry.Repository{}, err
	}
	if r.FIPS && !slices.Contains(registry.FIPSRegions, r.Region) {
		return registry.Repository{}, wrong("take the host without -fips, or a region that has one: "+strings.Join(registry.FIPSRegions, ", "), "ECR has no FIPS host in %s: the name %s doesn't exist", r.Region, r.Host)
	}
	return r.Repository(c.Registry.Repository)
}

func wrong(remedy, format string, args ...any) error {
	return fault.New(fault.Usage, remedy, "checking the target: "+format, args...)
}

func (c Cutover) validateRegistry() error {
	destination, err := c.Destination()
	if err == nil {
		err = CheckDurations(c.Registry.Interval, c.Registry.Timeout)
	}
	if err == nil {
		err = CheckNamespace(c.Release.Namespace)
	}
	if err != nil {
		return err
	}
	switch r := destination.Registry; {
	case len(c.Registry.Repositories) > 0 && !c.Registry.AllRepositories:
		return wrong("add allRepositories: true, or --all-repositories", "registry.repositories says where repositories of Zot go, but only that of the workloads is copied")
	case !slices.Contains([]string{"", "MUTABLE", "IMMUTABLE"}, c.Registry.Create.TagMutability):
		return wrong("write MUTABLE or IMMUTABLE", "%q is not a tag mutability", c.Registry.Create.TagMutability)
	case !r.IsECR():
		return wrong("give an endpoint of ECR: oci://<account>.dkr.ecr.<region>.amazonaws.com/<namespace> or oci://public.ecr.aws/<alias>", "%q isn't Amazon ECR", r.Endpoint())
	case r.Kind == registry.Public && !c.Registry.AllowPublic:
		return wrong("take a private registry, or give --allow-public (registry.allowPublic: true) if the world may read them", "%q is public: the manifests of all workloads become world-readable", r.Endpoint())
	}
	return nil
}

var rolePattern = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role/([\w+=,.@/-]*/)?[\w+=,.@-]{1,64}$`)

func (c Cutover) validateIdentity() error {
	role := c.Identity.RoleARN
	switch c.Identity.Mode {
	case IRSA:
		if role == "" {
			return wrong("give --role-arn arn:aws:iam::<account>:role/<name>, or another --identity (pod-identity, instance-profile)", "identity irsa needs a role ARN")
		}
	case PodIdentity:
	case InstanceProfile:
		if role != "" {
			return wrong("leave --role-arn out: the node's role counts", "identity instance-profile takes no role ARN, but %q is given", role)
		}
	default:
		return wrong("write irsa, pod-identity or instance-profile", "unknown identity mode %q", c.Identity.Mode)
	}
	if role == "" {
		return nil
	}
	m := rolePattern.FindStringSubmatch(role)
	if m == nil {
		return wrong("write arn:aws:iam::<account>:role/<name>, the account with its 12 digits", "%q is not the ARN of an IAM role", role)
	}
	if r, err := registry.Parse(c.Registry.Endpoint); err == nil && r.IsECR() && r.Partition != m[1] {
		return wrong("give a role of partition "+r.Partition, "the role is in partition %q, the registry in %q: they can't reach each other", m[1], r.Partition)
	}
	return nil
}

func (c Cutover) validateValues() error {
	switch r := c.Release; {
	case r.Values != "" && r.HelmRelease != "":
		return wrong("give --values or --helm-release", "both a values file and a HelmRelease are given")
	case r.Values == "" && r.HelmRelease == "":
		return wrong("give --values values.yaml, or --helm-release with the HelmRelease's manifest", "the target names no values")
	case r.ManagedBy == Flux && r.HelmRelease == "":
		return wrong("give --helm-release with the manifest of the HelmRelease", "Flux manages the release, but only a values file is given")
	case r.ManagedBy == Helm && r.HelmRelease != "":
		return wrong("leave --managed-by out, or write flux", "a HelmRelease is given, but Helm is to manage the release")
	}
	return nil
}

// namePattern is a Kubernetes name (RFC 1123 label), which namespaces and Helm releases are.
var namePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (c Cutover) validateRelease() error {
	r := c.Release
	switch {
	case r.ManagedBy != Helm && r.ManagedBy != Flux:
		return wrong("write helm or flux", "%q manages no releases", r.ManagedBy)
	case !namePattern.MatchString(r.Name):
		return wrong("give the release's name as helm list shows it", "%q is not a valid name of a release", r.Name)
	case !namePattern.MatchString(r.Namespace):
		return wrong("give the release's namespace as helm list shows it", "%q is not a valid name of a namespace", r.Namespace)
	case r.Chart == "":
		return wrong("give --chart", "the target names no chart")
	case r.CRDs.Version != "" && r.CRDs.Chart == "":
		return wrong("give --crds-chart", "a version of the CRDs is given, but no chart of them")
	}
	return nil
}

func (c Cutover) validateClusters() error {
	seen := map[string]bool{}
	for i, cluster := range append([]Cluster{c.Hub}, c.Spokes...) {
		switch {
		case cluster.Name == "":
			return wrong("give every spoke a name", "spoke %d has no name", i)
		case seen[cluster.Name]:
			return wrong("give every cluster a name of its own", "two clusters are named %q", cluster.Name)
		case cluster.EKS != EKS{} && (cluster.Kubeconfig != "" || cluster.Context != ""):
			return wrong("leave out the kubeconfig and the context, or the EKS cluster", "cluster %q is given both by a kubeconfig and by the name of an EKS cluster", cluster.Name)
		}
		if err := cluster.EKS.validate(); err != nil {
			return err
		}
		seen[cluster.Name] = true
	}
	return nil
}
