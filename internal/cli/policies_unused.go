package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// unused refuses flags that change nothing: whoever gives one expects that it does. Flags of the target
// (--namespace, --identity) are exempt, since scripts give them to every command.
func (p *policyFlags) unused(c *cobra.Command, o iam.Order, principals []iam.Principal, trust bool) error {
	mode := o.Mode
	if mode == "" {
		mode = target.IRSA
	}
	has := func(wanted ...iam.Principal) bool {
		return slices.ContainsFunc(principals, func(p iam.Principal) bool { return slices.Contains(wanted, p) })
	}
	for _, rule := range []struct {
		applies bool
		why     string
		flags   []string
	}{
		{mode == target.IRSA, fmt.Sprintf("with --identity %s no OIDC issuer is asked", mode), []string{"issuer", "spoke-issuer"}},
		{mode != target.InstanceProfile || has(iam.Operator), fmt.Sprintf("with --identity %s no cluster is named in a trust policy", mode), []string{"eks-cluster"}},
		{mode == target.PodIdentity, fmt.Sprintf("with --identity %s no EKS cluster is named", mode), []string{"cluster", "spoke-cluster"}},
		{trust, "without a trust policy nobody asks for it", []string{"issuer", "spoke-issuer", "cluster", "spoke-cluster", "flux-namespace"}},
		{o.Wanted.Repository.Registry.Kind == registry.Public, "the address of a private registry says its account", []string{"account"}},
		{len(p.eks) > 0 || p.target.config != "", "without --eks-cluster and --config nobody asks AWS", []string{"profile"}},
		{has(iam.Operator), "only the operator creates repositories, copies and installs", []string{"create-repository", "install", "all-repositories"}},
		{has(iam.SourceController, iam.Combined), "only source-controller looks for tags by semver", []string{"no-semver"}},
		{has(iam.SourceController, iam.Combined), "only source-controller runs in Flux's namespace", []string{"flux-namespace"}},
	} {
		if rule.applies {
			continue
		}
		if err := refuse(c, rule.why, rule.flags...); err != nil {
			return err
		}
	}
	return nil
}

// refuse is the error for flags that were given and do not apply.
func refuse(c *cobra.Command, why string, flags ...string) error {
	var given []string
	for _, name := range flags {
		if c.Flags().Changed(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) == 0 {
		return nil
	}
	return fault.New(fault.Usage, "leave it out", "reading flags: %s does not apply here: %s", strings.Join(given, ", "), why)
}
