package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// targetFlags are the flags that say what is wanted. They win over the file given with --config.
type targetFlags struct {
	config     string
	eks        string
	spokes     []string
	values     []string // several files, merged as Helm does
	edit       string   // the one of them that is edited
	valuesFrom []string
	fromHub    bool // what valuesFrom names is read from the hub
	want       target.Cutover
}

// registryFlags are enough for commands that need no cluster.
func (t *targetFlags) registryFlags(f *pflag.FlagSet) {
	f.StringVar(&t.config, "config", "", "file that says what is wanted (cutover.yaml); flags win over it")
	f.StringVar(&t.want.Registry.Endpoint, "endpoint", "", "ECR endpoint, oci://<account>.dkr.ecr.<region>.amazonaws.com/<namespace> or oci://public.ecr.aws/<alias>")
	f.StringVar(&t.want.Registry.Repository, "repository", "", "repository below the endpoint (default mural-workloads)")
	f.BoolVar(&t.want.Registry.AllowPublic, "allow-public", false, "accept that ECR Public makes the rendered manifests world-readable")
	f.Var(textFlag[target.IdentityMode]{&t.want.Identity.Mode}, "identity", "how pods get their AWS identity: irsa, pod-identity or instance-profile (default irsa)")
	f.StringVar(&t.want.Identity.RoleARN, "role-arn", "", "IAM role for hue and source-controller (with --identity irsa)")
	f.StringVarP(&t.want.Release.Namespace, "namespace", "n", "", "namespace of the release (default mural-system)")
}

// valuesFlags name the user's file and the chart that reads it.
func (t *targetFlags) valuesFlags(f *pflag.FlagSet) {
	f.StringArrayVarP(&t.values, "values", "f", nil, "the user's values.yaml; - is standard input. Several are merged as Helm does")
	f.StringVar(&t.want.Release.HelmRelease, "helm-release", "", "or the manifest of the Flux HelmRelease that holds the values")
	f.StringVar(&t.want.Release.Chart, "chart", "", "chart mural: oci://, a directory or a .tgz (default oci://public.ecr.aws/mural/mural)")
	f.StringVar(&t.want.Release.Version, "version", "", "version of the chart (default the one that is live, or that of a chart on disk)")
}

// sourceFlags say what is merged with the values, and which of several files is edited.
func (t *targetFlags) sourceFlags(f *pflag.FlagSet) {
	f.StringVar(&t.edit, "edit", "", "of several --values, the `FILE` that is edited (default the last that has a registry setting)")
	f.StringArrayVar(&t.valuesFrom, "values-from", nil, "what a HelmRelease's valuesFrom names, as kind/name=`FILE`; once for each")
}

// hubFlags let what valuesFrom names be read from the hub.
func (t *targetFlags) hubFlags(f *pflag.FlagSet) {
	f.BoolVar(&t.fromHub, "values-from-hub", false, "read what a HelmRelease's valuesFrom names from the hub, unless --values-from gives it")
	t.hubAddress(f)
}

// unusedHub refuses the hub's address where nothing is read from it.
func (t *targetFlags) unusedHub(c *cobra.Command) error {
	if t.fromHub {
		return nil
	}
	return refuse(c, "without --values-from-hub nothing is read from a cluster", "kubeconfig", "context", "eks-cluster")
}

func (t *targetFlags) hubAddress(f *pflag.FlagSet) {
	f.StringVar(&t.want.Hub.Kubeconfig, "kubeconfig", "", "kubeconfig of the hub (default KUBECONFIG, then ~/.kube/config)")
	f.StringVar(&t.want.Hub.Context, "context", "", "context of the hub (default the current one)")
	f.StringVar(&t.eks, "eks-cluster", "", "or the hub's name in Amazon EKS, `NAME`[,region=…]: then no kubeconfig is needed (default region AWS_REGION, then the registry's)")
}

// clusterFlags name the clusters and how the release gets there.
func (t *targetFlags) clusterFlags(f *pflag.FlagSet) {
	f.Var(textFlag[target.ManagedBy]{&t.want.Release.ManagedBy}, "managed-by", "who applies the release: helm or flux (default helm)")
	f.StringVar(&t.want.Release.CRDs.Chart, "crds-chart", "", "chart mural-crds (default oci://public.ecr.aws/mural/mural-crds)")
	f.StringVar(&t.want.Release.CRDs.Version, "crds-version", "", "version of mural-crds; empty leaves the CRDs as they are")
	t.hubAddress(f)
	f.StringArrayVar(&t.spokes, "spoke", nil, "a spoke that is not the hub: name=…,kubeconfig=…,context=… or name=…,eks=NAME,region=…; once for each")
}

// all adds every target flag.
func (t *targetFlags) all(c *cobra.Command) {
	t.registryFlags(c.Flags())
	t.valuesFlags(c.Flags())
	t.clusterFlags(c.Flags())
}

// cutover is what the file and the flags say together, with defaults filled in.
func (t *targetFlags) cutover() (target.Cutover, error) {
	want := t.want
	if len(t.values) > 0 {
		want.Release.Values = t.values[len(t.values)-1]
	}
	if t.eks != "" {
		var err error
		if want.Hub.EKS, err = target.ParseEKS(t.eks); err != nil {
			return target.Cutover{}, err
		}
	}
	for _, text := range t.spokes {
		spoke, err := target.ParseCluster(text)
		if err != nil {
			return target.Cutover{}, err
		}
		want.Spokes = append(want.Spokes, spoke)
	}
	if t.config == "" {
		return want.WithDefaults(), nil
	}
	file, err := target.Load(t.config)
	if err != nil {
		return target.Cutover{}, err
	}
	return file.Merge(want).WithDefaults(), nil
}

// textFlag makes a flag of a string type; the library checks the value.
type textFlag[T ~string] struct{ to *T }

func (f textFlag[T]) String() string {
	if f.to == nil {
		return ""
	}
	return string(*f.to)
}
func (f textFlag[T]) Set(s string) error { *f.to = T(s); return nil }
func (f textFlag[T]) Type() string       { return "name" }
