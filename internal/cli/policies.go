package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/internal/build"
	"github.com/palette-ecr/palette-ecr/internal/console"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/write"
)

// policyFlags are the flags of policies and of policies check.
type policyFlags struct {
	target        targetFlags
	account       string
	noSemver      bool
	create        bool
	fluxNamespace string
	issuer        string
	spokeIssuers  []string
	cluster       string
	spokeClusters []string
}

func (p *policyFlags) add(c *cobra.Command) {
	f := c.Flags()
	p.target.registryFlags(f)
	f.StringVar(&p.account, "account", "", "AWS account of ECR Public (default that of --role-arn)")
	f.BoolVar(&p.noSemver, "no-semver", false, "no OCIRepository selects its tag by semver: source-controller need not list tags")
	f.BoolVar(&p.create, "create-repository", false, "the operator may create the repository")
	f.StringVar(&p.fluxNamespace, "flux-namespace", "", "namespace of source-controller (default that of the release)")
	f.StringVar(&p.issuer, "issuer", "", "OIDC issuer of the hub, with --identity irsa: https://oidc.eks.<region>.amazonaws.com/id/<id>")
	f.StringArrayVar(&p.spokeIssuers, "spoke-issuer", nil, "OIDC issuer of a spoke; once for each")
	f.StringVar(&p.cluster, "cluster", "", "ARN of the hub's EKS cluster, with --identity pod-identity (default any cluster)")
	f.StringArrayVar(&p.spokeClusters, "spoke-cluster", nil, "ARN of a spoke's EKS cluster; once for each")
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
	if o.Issuers, err = hubFirst("issuer", p.issuer, p.spokeIssuers); err != nil {
		return o, err
	}
	o.Clusters, err = hubFirst("cluster", p.cluster, p.spokeClusters)
	return o, err
}

func hubFirst(flag, hub string, spokes []string) ([]string, error) {
	switch {
	case hub != "":
		return append([]string{hub}, spokes...), nil
	case len(spokes) > 0:
		return nil, fault.New(fault.Usage, "give the hub's as well, with --"+flag, "reading flags: --spoke-%s is given without --%s", flag, flag)
	}
	return nil, nil
}

func (a *app) policiesCommand() *cobra.Command {
	var p policyFlags
	var names []string
	var format, document, dir string
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

The issuer: aws eks describe-cluster --name <cluster> --query cluster.identity.oidc.issuer --output text`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
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
	f.StringVar(&dir, "dir", "", "write each document into a file of its own in this directory")
	c.AddCommand(a.policiesCheckCommand())
	return c
}

func (a *app) policiesCheckCommand() *cobra.Command {
	var p policyFlags
	var output console.Outputs
	var principal, trust string
	c := &cobra.Command{
		Use:   "check [POLICY.json...]",
		Short: "Check IAM policies that exist against what their principal needs",
		Long: `Evaluates the policy documents of one principal, all together, as IAM does, and names what is missing and what is
granted beyond the need, with its place in the file; and its trust policy, with --trust. - is standard input.

  palette-ecr policies check --endpoint … --principal source-controller policy.json
  palette-ecr policies check --endpoint … --role-arn … --issuer … --trust trust.json policy.json
  aws iam get-role-policy --role-name palette-ecr --policy-name ecr --query PolicyDocument | palette-ecr policies check --endpoint … -`,
		RunE: func(_ *cobra.Command, files []string) error {
			order, err := p.order()
			if err != nil {
				return err
			}
			who, err := iam.ParsePrincipal(principal)
			if err != nil {
				return err
			}
			outputs, err := output.Open(append(slices.Clone(files), trust)...)
			if err != nil {
				return err
			}
			policies, trusts, err := a.readPolicies(files, trust)
			if err != nil {
				return err
			}
			rep, err := check.Review{Check: check.Of(order, who, policies, trusts), Version: build.Version(), Now: time.Now}.Report()
			if rep == nil {
				return err
			}
			if e := a.Write(outputs, rep); e != nil {
				return e
			}
			return err
		},
	}
	p.add(c)
	output.Add(c.Flags())
	c.Flags().StringVar(&principal, "principal", "combined", "whose policies they are: combined, hue, source-controller, operator")
	c.Flags().StringVar(&trust, "trust", "", "file of the role's trust policy")
	return c
}

// readPolicies reads the documents, of which standard input can be one.
func (a *app) readPolicies(files []string, trust string) (policies []document.Document, trusts *document.Document, err error) {
	if len(files) == 0 && trust == "" {
		return nil, nil, fault.New(fault.Usage, "name the files of the policy documents, or give --trust", "reading arguments: no policy document given")
	}
	for _, file := range files {
		d, err := document.Read(file, a.In)
		if err != nil {
			return nil, nil, err
		}
		policies = append(policies, d)
	}
	if trust != "" {
		d, err := document.Read(trust, a.In)
		return policies, &d, err
	}
	return policies, nil, nil
}
