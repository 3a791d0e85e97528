package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

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
	fluxNamespace string
	issuers       []string
	spokeIssuers  []string
	clusters      []string
	spokeClusters []string
}

func (p *policyFlags) add(c *cobra.Command) {
	f := c.Flags()
	p.target.registryFlags(f)
	f.StringVar(&p.account, "account", "", "AWS account of ECR Public (default that of --role-arn)")
	f.BoolVar(&p.noSemver, "no-semver", false, "no OCIRepository selects its tag by semver: source-controller need not list tags")
	f.BoolVar(&p.create, "create-repository", false, "the operator may create the repository")
	f.StringVar(&p.fluxNamespace, "flux-namespace", "", "namespace of source-controller (default that of the release)")
	f.StringArrayVar(&p.issuers, "issuer", nil, "OIDC issuer of a cluster, with --identity irsa: https://oidc.eks.<region>.amazonaws.com/id/<id>; once for each, the hub's first")
	f.StringArrayVar(&p.spokeIssuers, "spoke-issuer", nil, "OIDC issuer of a spoke")
	f.StringArrayVar(&p.clusters, "cluster", nil, "ARN of an EKS cluster, with --identity pod-identity; once for each, the hub's first (default any cluster)")
	f.StringArrayVar(&p.spokeClusters, "spoke-cluster", nil, "ARN of a spoke's EKS cluster")
	for _, old := range []string{"spoke-issuer", "spoke-cluster"} { // scripts still have them
		_ = f.MarkHidden(old)
	}
}

// order is what the flags ask for.
func (p *policyFlags) order() (iam.Order, error) {
	want, err := p.target.cutover()
	if err != nil {
		return iam.Order{}, err
	}
	o, err := iam.For(want, p.account)
	if err != nil {
		return o, err
	}
	o.Wanted.Semver, o.Wanted.Create, o.FluxNamespace = !p.noSemver, p.create, p.fluxNamespace
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
	var kubernetes bool
	c := &cobra.Command{
		Use:   "policies",
		Short: "Write the least IAM policies for hue, source-controller and the operator",
		Long: `Writes the IAM policies that a cutover to ECR needs, and no more: for hue (push), source-controller (pull), the
operator who runs palette-ecr (copy, prove, look), or one role for hue and source-controller as in the guide
(combined); and the trust policies, once it knows each cluster's OIDC issuer or EKS cluster. Nothing is sent to AWS.

  palette-ecr policies --endpoint oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette
  palette-ecr policies --endpoint … --issuer https://oidc.eks.us-east-1.amazonaws.com/id/ABC --format aws > roles.sh
  palette-ecr policies --endpoint … --principal hue,source-controller --issuer … --format terraform > ecr.tf
  palette-ecr policies --endpoint … --principal combined --document policy > policy.json
  palette-ecr policies --kubernetes | kubectl apply -f -       (the ClusterRole of who runs palette-ecr)

The issuer: aws eks describe-cluster --name <cluster> --query cluster.identity.oidc.issuer --output text`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if kubernetes {
				if err := refuse(c, "--kubernetes writes a ClusterRole, and nothing of IAM", "format", "document", "dir", "principal", "issuer", "cluster", "account", "no-semver", "create-repository"); err != nil {
					return err
				}
				return a.kubernetesRole(&p)
			}
			order, err := p.order()
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
	f.BoolVar(&kubernetes, "kubernetes", false, "the least ClusterRole instead, for who runs palette-ecr against the clusters")
	f.StringVar(&dir, "dir", "", "write each document into a file of its own in this directory, which is made")
	c.AddCommand(a.policiesCheckCommand())
	return c
}
