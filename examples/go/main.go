// Examples of using the module palette-ecr from Go
package main

import (
	"context"

	"dagger/examples/internal/dagger"
)

// Examples of palette-ecr, each a function
type Examples struct{}

const (
	endpoint = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"
	roleArn  = "arn:aws:iam::123456789012:role/palette-ecr"
)

// What would change in your values, which are deploy/values.yaml in your repository
func (m *Examples) PaletteEcrRender(
	// Your values.yaml.
	values *dagger.File,
) *dagger.Changeset {
	return dag.PaletteEcr(dagger.PaletteEcrOpts{Values: values, Path: "deploy/values.yaml", Endpoint: endpoint, RoleArn: roleArn}).
		Render().Changes()
}

// What is wrong with your values, for GitHub's code scanning
func (m *Examples) PaletteEcrLint(
	// Your values.yaml.
	values *dagger.File,
) *dagger.File {
	return dag.PaletteEcr(dagger.PaletteEcrOpts{Values: values, Endpoint: endpoint, RoleArn: roleArn}).
		Lint(dagger.PaletteEcrLintOpts{ReportAnyway: true}).Report().Sarif()
}

// The cutover as far as the proofs, with Zot still there
//
// +cache="never"
func (m *Examples) PaletteEcrCutover(
	ctx context.Context,
	// Your values.yaml.
	values *dagger.File,
	// Kubeconfig of the hub.
	kubeconfig *dagger.Secret,
	// AWS access key ID.
	accessKey *dagger.Secret,
	// AWS secret access key.
	secretKey *dagger.Secret,
) (string, error) {
	return dag.PaletteEcr(dagger.PaletteEcrOpts{Values: values, Endpoint: endpoint, RoleArn: roleArn}).
		Render().
		Lint().
		Target(dagger.PaletteEcrLintedTargetOpts{Kubeconfig: kubeconfig}).
		WithAwsKeys(accessKey, secretKey).
		Copy().
		Deploy().
		Validate().
		Report().
		Summary(ctx)
}
