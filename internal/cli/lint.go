package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/internal/build"
	"github.com/palette-ecr/palette-ecr/internal/console"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/preflight"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/sops"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// lintFlags say what the values are judged by, and what to do with the findings.
type lintFlags struct {
	target      targetFlags
	output      console.Outputs
	access      lint.Access
	principal   string
	policies    []string
	trust       string
	boundary    string
	known       factFlags
	fluxVersion string
	kubeVersion string
	disable     []string
	severity    report.Severity
	fix         bool
	keepCert    bool
	explain     string
}

func (a *app) lintCommand() *cobra.Command {
	var l lintFlags
	c := &cobra.Command{
		Use:   "lint",
		Short: "Find what is wrong with the registry settings, before anything is applied",
		Long: `Looks at the user's values.yaml, or the values in a HelmRelease, with rules that each stand for one way in which a
cutover to ECR is known to break (docs/lint.md), and says where in the file, why, and what to change. A file that
still uses Zot is in order, unless --endpoint says where it is to point. With --chart it judges what Helm makes of the
file: the chart's defaults under the user's values, and the rendered manifests. Policies and trust policies are
compared when given.

  palette-ecr lint -f values.yaml --chart oci://public.ecr.aws/mural/mural
  palette-ecr lint --config cutover.yaml -o text -o sarif=lint.sarif
  palette-ecr lint -f values.yaml --role-arn … --fix
  palette-ecr lint --explain L07                                 (or all)

A comment makes lint ignore a rule on its line, or on the next if it is alone on its own; it must give a reason:

  eks.amazonaws.com/role-arn: arn:…   # palette-ecr:ignore L09 the registry is in the shared account`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if l.explain == "" {
				return a.lint(c, &l)
			}
			text, err := preflight.Explain(l.explain)
			fmt.Fprint(a.Out, text)
			return err
		},
	}
	l.add(c)
	return c
}

func (l *lintFlags) add(c *cobra.Command) {
	f := c.Flags()
	l.target.registryFlags(f)
	l.target.valuesFlags(f)
	l.output.Add(f)
	f.StringVar(&l.access.Region, "region", "", "region that you work in: must be the registry's")
	f.BoolVar(&l.access.CrossAccount, "cross-account", false, "the registry is meant to be in another account than the role")
	f.StringArrayVar(&l.policies, "policy", nil, "file of an IAM policy of --principal; once for each")
	f.StringVar(&l.principal, "principal", "combined", "whose policies they are: combined, hue, source-controller, operator")
	f.StringVar(&l.boundary, "boundary", "", boundaryUsage)
	f.StringVar(&l.trust, "trust", "", "file of the role's trust policy")
	f.StringArrayVar(&l.access.Issuers, "issuer", nil, "OIDC issuer of a cluster, the hub's first, to check the trust policy; once for each")
	f.StringArrayVar(&l.access.Clusters, "cluster", nil, "ARN of an EKS cluster, with --identity pod-identity, to check the trust policy; once for each, the hub's first")
	l.known.add(c)
	f.StringVar(&l.access.Account, "account", "", "AWS account of ECR Public (default that of the role)")
	f.StringVar(&l.access.FluxNamespace, "flux-namespace", "", "namespace of the source-controller that pulls (default that of the release)")
	f.StringVar(&l.fluxVersion, "source-controller", "", "version of source-controller, for example v1.6.1 (default that of --chart)")
	f.StringVar(&l.kubeVersion, "kube-version", "", "Kubernetes version to render the chart for")
	f.StringSliceVar(&l.disable, "disable", nil, "rules to leave out, for example L11,L19")
	f.Var(textFlag[report.Severity]{&l.severity}, "severity", "show findings from this severity on: error, warning or info (default info)")
	f.BoolVar(&l.keepCert, "keep-cert", false, "certSecretName and proxySecretName are meant for ECR too")
	l.target.sourceFlags(f)
	l.target.hubFlags(f)
	f.BoolVar(&l.fix, "fix", false, "write corrections into the file, as render would, and report what is left")
	f.StringVar(&l.explain, "explain", "", "explain a `RULE` of lint or preflight, for example L07, or list all")
}

func (a *app) lint(c *cobra.Command, l *lintFlags) error {
	ctx := c.Context()
	if err := l.unused(c); err != nil {
		return err
	}
	want, err := l.target.cutover()
	if err != nil {
		return err
	}
	outputs, err := l.output.Open(append(append(slices.Clone(l.policies), l.target.inputs(want, a.Getenv)...), l.trust, l.boundary)...)
	if err != nil {
		return err
	}
	in, err := a.lintInput(ctx, l)
	if err != nil {
		return err
	}
	if err := unjudged(c, in); err != nil {
		return err
	}
	if in.Chart == nil {
		if err := refuse(c, "no --chart is given that could be rendered", "kube-version"); err != nil {
			return err
		}
	}
	secrets := in.File.Secrets()
	if l.fix {
		if in.File, err = a.fixValues(ctx, in, &l.target); err != nil {
			return err
		}
	}
	rep, err := lint.Review{Input: in, Version: build.Version(), Now: time.Now, Secrets: secrets}.Report()
	if rep == nil {
		return err
	}
	if e := a.Write(outputs, rep); e != nil {
		return e
	}
	return err
}

// unused refuses flags that change nothing.
func (l *lintFlags) unused(c *cobra.Command) error {
	if err := l.target.unusedHub(c); err != nil {
		return err
	}
	if len(l.policies) == 0 && l.trust == "" {
		return refuse(c, "no --policy and no --trust is given", "boundary", "principal", "issuer", "cluster", "flux-namespace", "vpce", "source-ip", "org-id", "resource-tag", "date", "fact")
	}
	if l.trust == "" {
		return refuse(c, "without a trust policy nobody asks for it", "issuer", "cluster", "flux-namespace")
	}
	if len(l.policies) == 0 {
		return refuse(c, "a trust policy is not about requests to ECR", "boundary", "principal", "vpce", "resource-tag")
	}
	return nil
}

// unjudged refuses flags about a registry in ECR, or a repository there, that neither the values nor flags name.
func unjudged(c *cobra.Command, in lint.Input) error {
	var err error
	if !lint.Judged(in) {
		err = refuse(c, "the values point at no registry in ECR", "policy", "trust", "region", "cross-account", "account")
	} else if _, whole := lint.Wanted(in); !whole {
		err = refuse(c, "hue's values name no whole repository in ECR", "policy", "trust")
	}
	if err != nil {
		return fault.New(fault.Usage, "give --endpoint, or leave it out", "%w", err)
	}
	return nil
}

// lintInput reads everything that the flags name.
func (a *app) lintInput(ctx context.Context, l *lintFlags) (in lint.Input, err error) {
	want, err := l.target.cutover()
	if err != nil {
		return in, err
	}
	in = lint.Input{Target: want, Access: l.access, KeepCert: l.keepCert, KubeVersion: l.kubeVersion, Disable: l.disable, MinSeverity: l.severity}
	if err := lint.CheckSeverity(l.severity); err != nil {
		return in, err
	}
	if want.Registry.Endpoint != "" {
		if in.Destination, err = want.Destination(); err != nil {
			return in, err
		}
	}
	if err := lint.CheckVersion(l.fluxVersion); err != nil {
		return in, err
	}
	if err := target.CheckNamespace(want.Release.Namespace); err != nil {
		return in, err
	}
	if l.access.FluxNamespace != "" {
		if err := target.CheckNamespace(l.access.FluxNamespace); err != nil {
			return in, err
		}
	}
	if l.fluxVersion != "" {
		in.Live.SourceControllers = []lint.SourceController{{Namespace: want.Release.Namespace, Version: l.fluxVersion}}
	}
	if in.Access.Facts, err = l.known.facts(); err != nil {
		return in, err
	}
	if len(l.policies) > 0 || l.trust != "" {
		given, err := a.read.policies(policyFiles{policies: l.policies, trust: l.trust, boundary: l.boundary})
		if err != nil {
			return in, err
		}
		in.Access.Policies, in.Access.Trust, in.Access.Boundary, in.Access.Absent = given.identity, given.trust, given.boundary, given.absent
		in.Access.Facts = given.factsOf(in.Access.Facts)
	}
	if in.Access.Principal, err = iam.ParsePrincipal(l.principal); err != nil {
		return in, err
	}
	if in.File, err = a.read.values(ctx, want, &l.target); err != nil {
		return in, err
	}
	in.Chart, err = a.read.chart(ctx, &l.target)
	return in, err
}

// fixValues writes what can be corrected into the file, and reads it again as it was read: with the files that it is
// merged with, and with what --values-from gives.
func (a *app) fixValues(ctx context.Context, in lint.Input, t *targetFlags) (*values.File, error) {
	path := pathOf(in.Target, in.File)
	if path == "-" {
		return nil, fault.New(fault.Usage, "use render, which writes to standard output", "reading flags: --fix needs a file, not standard input")
	}
	rendered, err := lint.Fixed(in, sops.Find(ctx))
	if err != nil || rendered == nil {
		return in.File, err
	}
	if err := rendered.WriteInPlace(path); err != nil {
		return nil, err
	}
	for _, change := range rendered.Changes {
		a.Progress().Say("%s", change)
	}
	return a.read.open(ctx, in.Target, t)
}
