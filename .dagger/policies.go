package main

import (
	"context"
	"slices"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// policyFiles are the names of the files that policies gives.
var policyFiles = map[Format]string{"": "policies.json", FormatJson: "policies.json", FormatTerraform: "policies.tf", FormatAws: "policies.sh"}

// The IAM policies that a cutover needs and no more, and the trust policies once issuers are given
func (m *PaletteEcr) Policies(
	ctx context.Context,
	// Form of the policies; JSON when empty.
	//
	// +optional
	format Format,
	// For whom; combined and operator when empty.
	//
	// +optional
	principal []Principal,
	// OIDC issuers of the clusters, the hub's first, with irsa.
	//
	// +optional
	issuer []string,
	// ARNs of the EKS clusters, the hub's first, with pod-identity.
	//
	// +optional
	cluster []string,
	// AWS account of ECR Public.
	//
	// +optional
	account string,
	// Namespace of source-controller; that of the release when empty.
	//
	// +optional
	fluxNamespace string,
) (*dagger.File, error) {
	args := []string{"--offline"} // clusters are reached by a Target alone
	for _, name := range principal {
		args = append(args, "--principal="+string(name))
	}
	args = hubFirst(hubFirst(args, "issuer", issuer), "cluster", cluster)
	args = append(args, flags{{"format", string(format)}, {"account", account}, {"flux-namespace", fluxNamespace}}.args()...)
	return m.policies(ctx, policyFiles[format], args)
}

// The least rights in a cluster of who runs the stages there, as a ClusterRole: for kubectl apply
func (m *PaletteEcr) ClusterRole(
	ctx context.Context,
	// With what copying in the cluster needs.
	//
	// +optional
	inCluster bool,
) (*dagger.File, error) {
	return m.policies(ctx, "cluster-role.yaml", switches{{"kubernetes", true}, {"in-cluster", inCluster}}.args())
}

// policies returns what the command of that name prints, as a file.
func (m *PaletteEcr) policies(ctx context.Context, name string, args []string) (*dagger.File, error) {
	c, err := m.container(ctx)
	if err != nil {
		return nil, err
	}
	wanted := slices.DeleteFunc(slices.Clone(m.Flags), func(arg string) bool { return arg == "--"+keepCertFlag })
	done, err := command{container: c, args: slices.Concat([]string{"policies"}, wanted, args)}.run(ctx)
	if err != nil {
		return nil, err
	}
	return done.File(stdout).WithName(name), nil
}

// hubFirst adds flags for the hub and for spokes, which go by names of their own.
func hubFirst(args []string, name string, values []string) []string {
	flag := "--" + name + "="
	for _, value := range values {
		args = append(args, flag+value)
		flag = "--spoke-" + name + "="
	}
	return args
}
