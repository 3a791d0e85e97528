package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/write"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// policyFlags are the flags of policies and of policies check.
type policyFlags struct {
	target        targetFlags
	account       string
	noSemver      bool
	create        bool
	install       bool
	fluxNamespace string
	issuers       []string
	spokeIssuers  []string
	clusters      []string
	spokeClusters []string
	eks           []string
	offline       bool
	profile       string
}

func (p *policyFlags) add(c *cobra.Command) {
	f := c.Flags()
	p.target.registryFlags(f)
	f.StringVar(&p.account, "account", "", "AWS account of ECR Public (default that of --role-arn)")
	f.BoolVar(&p.noSemver, "no-semver", false, "no OCIRepository selects its tag by semver: source-controller need not list tags")
	f.BoolVar(&p.create, "create-repository", false, "the operator may create the repository")
	f.BoolVar(&p.target.want.Registry.AllRepositories, "all-repositories", false, "the operator copies every repository that Zot has")
	f.BoolVar(&p.install, "install", false, "the operator installs where nothing is yet, and may delete the probe that proves it")
	f.StringVar(&p.fluxNamespace, "flux-namespace", "", "namespace of source-controller (default that of the release)")
	f.StringArrayVar(&p.issuers, "issuer", nil, "OIDC issuer of a cluster, with --identity irsa: https://oidc.eks.<region>.amazonaws.com/id/<id>; once for each, the hub's first")
	f.StringArrayVar(&p.spokeIssuers, "spoke-issuer", nil, "OIDC issuer of a spoke")
	f.StringArrayVar(&p.clusters, "cluster", nil, "ARN of an EKS cluster, with --identity pod-identity; once for each, the hub's first (default any cluster)")
	f.StringArrayVar(&p.spokeClusters, "spoke-cluster", nil, "ARN of a spoke's EKS cluster")
	f.StringArrayVar(&p.eks, "eks-cluster", nil, "or the cluster's name in Amazon EKS, which says its issuer and ARN: `NAME`[,region=…]; once for each, the hub's first")
	f.BoolVar(&p.offline, "offline", false, "do not ask the clusters that --config names for their issuers")
	f.StringVar(&p.profile, "profile", "", "profile of the shared AWS configuration, for --eks-cluster")
	for _, old := range []string{"spoke-issuer", "spoke-cluster"} { // scripts still have them
		_ = f.MarkHidden(old)
	}
}

// cutover is what the flags and the file say is wanted, and on which clusters.
func (p *policyFlags) cutover() (target.Cutover, error) {
	want, err := p.target.cutover()
	if err != nil || len(p.eks) == 0 {
		return want, err
	}
	want.Spokes = nil
	for i, text := range p.eks {
		e, err := target.ParseEKS(text)
		if err != nil {
			return want, err
		}
		if i == 0 {
			want.Hub = target.Cluster{Name: target.DefaultHub, EKS: e}
		} else {
			want.Spokes = append(want.Spokes, target.Cluster{Name: e.Name, EKS: e})
		}
	}
	return want, nil
}

// order is what the flags ask for. Clusters that are named without their issuers are asked for them.
func (a *app) order(ctx context.Context, p *policyFlags) (iam.Order, error) {
	want, err := p.cutover()
	if err != nil {
		return iam.Order{}, err
	}
	o, err := p.given(want)
	known := len(o.Issuers)+len(o.Clusters) > 0
	switch {
	case err != nil:
		return o, err
	case len(p.eks) > 0 && (known || p.offline):
		return o, fault.New(fault.Usage, "leave one out", "reading flags: --eks-cluster asks AWS for what --issuer, --cluster or --offline answer already")
	case known || p.offline || !want.NamesClusters():
		return o, nil
	}
	client, err := ecr.HTTPClient(a.Getenv)
	if err != nil {
		return o, err
	}
	return pipeline.AskClusters(ctx, o, pipeline.Options{Target: want, HTTPClient: client, AWS: ecr.Options{Profile: p.profile}})
}

// given is what flags say without asking anybody.
func (p *policyFlags) given(want target.Cutover) (iam.Order, error) {
	o, err := iam.For(want, p.account)
	if err != nil {
		return o, err
	}
	if p.fluxNamespace != "" {
		if err := target.CheckNamespace(p.fluxNamespace); err != nil {
			return o, err
		}
	}
	o.Wanted.Semver, o.Wanted.Create, o.Wanted.Install, o.FluxNamespace = !p.noSemver, p.create, p.install, p.fluxNamespace
	if o.Issuers, err = hubFirst("issuer", p.issuers, p.spokeIssuers); err != nil {
		return o, err
	}
	o.Clusters, err = hubFirst("cluster", p.clusters, p.spokeClusters)
	return o, err
}

func hubFirst(flag string, clusters, spokes []string) ([]string, error) {
	if len(spokes) > 0 && len(clusters) == 0 {
		return nil, fault.New(fault.Usage, "give the hub's as well, with --"+flag, "reading flags: --spoke-%s is given without --%s", flag, flag)
	}
	return append(slices.Clone(clusters), spokes...), nil
}

func (a *app) policiesCommand() *cobra.Command {
	var p policyFlags
	var names []string
	var format, document, dir string
	var kubernetes, inCluster bool
	c := &cobra.Command{
		Use:   "policies",
		Short: "Write the least IAM policies for hue, source-controller and the operator",
		Long: `Writes the IAM policies that a cutover to ECR needs, and no more: for hue (push), source-controller (pull), the
operator who runs palette-ecr (copy, prove, look), or one role for hue and source-controller as in the guide
(combined); and the trust policies, once it knows each cluster's OIDC issuer or EKS cluster. The clusters that a
--config names, or --eks-cluster, are asked for it (eks:DescribeCluster, or the API server); nothing is changed
anywhere. With --issuer, --cluster or --offline nobody is asked.

  palette-ecr policies --endpoint oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette
  palette-ecr policies --endpoint … --issuer https://oidc.eks.us-east-1.amazonaws.com/id/ABC --format aws > roles.sh
  palette-ecr policies --config cutover.yaml --principal combined --document trust
  palette-ecr policies --endpoint … --eks-cluster hub --eks-cluster spoke-1,region=eu-west-1
  palette-ecr policies --endpoint … --principal hue,source-controller --issuer … --format terraform > ecr.tf
  palette-ecr policies --endpoint … --principal combined --document policy > policy.json
  palette-ecr policies --kubernetes | kubectl apply -f -       (the ClusterRole of who runs palette-ecr)

The issuer: aws eks describe-cluster --name <cluster> --query cluster.identity.oidc.issuer --output text`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if kubernetes {
				if err := refuse(c, "--kubernetes writes a ClusterRole, and nothing of IAM", "format", "document", "dir", "principal", "issuer", "cluster", "account", "no-semver", "create-repository", "install", "all-repositories", "eks-cluster", "offline"); err != nil {
					return err
				}
				return a.kubernetesRole(&p, inCluster)
			}
			order, err := a.order(c.Context(), &p)
			if err != nil {
				return err
			}
			for _, name := range names {
				principal, err := iam.ParsePrincipal(name)
				if err != nil {
					return err
				}
				order.Principals = append(order.Principals, principal)
			}
			if err := p.unused(c, order, order.Principals, order.Mode != target.IRSA || len(order.Issuers) > 0); err != nil {
				return err
			}
			if dir != "" {
				if err := refuse(c, "--dir writes every document as JSON into a file of its own", "format", "document"); err != nil {
					return err
				}
			}
			grants, err := write.For(order)
			if err != nil {
				return err
			}
			if document == "" {
				for _, note := range grants.Notes() {
					a.Progress().Say("%s", note)
				}
			}
			if dir != "" {
				paths, err := grants.Save(dir)
				for _, path := range paths {
					fmt.Fprintln(a.Out, path)
				}
				return err
			}
			out, err := grants.Output(format, document)
			if err != nil {
				return err
			}
			_, err = a.Out.Write(out)
			return err
		},
	}
	p.add(c)
	f := c.Flags()
	f.StringSliceVar(&names, "principal", []string{"combined", "operator"}, "for whom: combined, hue, source-controller, operator")
	f.StringVar(&format, "format", "json", "json, terraform, or aws (commands for a shell)")
	f.StringVar(&document, "document", "", "json: only this document of a single principal: policy, trust or repository-policy")
	f.BoolVar(&inCluster, "in-cluster", false, "with --kubernetes: with what copy --in-cluster needs")
	f.BoolVar(&kubernetes, "kubernetes", false, "the least ClusterRole instead, for who runs palette-ecr against the clusters")
	f.StringVar(&dir, "dir", "", "write each document into a file of its own in this directory, which is made")
	c.AddCommand(a.policiesCheckCommand())
	return c
}
