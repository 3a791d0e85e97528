// Moves a PaletteAI installation from its in-cluster Zot registry to Amazon ECR, with proof
//
// Give it your values and where they are to lead, and go from stage to stage. The order is in the types: what can be
// deployed was rendered and linted, what can be validated was deployed, and Zot is turned off by what was validated.
//
//	dagger -m . call --values values.yaml --endpoint oci://... --role-arn arn:... render diff
//	dagger -m . call --values values.yaml --endpoint oci://... --role-arn arn:... lint summary
//	dagger -m . call --values values.yaml --endpoint oci://... --role-arn arn:... render lint
//	  target --kubeconfig file://kubeconfig with-aws-keys --access-key env://AWS_ACCESS_KEY_ID
//	  --secret-key env://AWS_SECRET_ACCESS_KEY copy deploy validate disable-zot summary
//	dagger -m . call rehearse summary
//
// A stage that fails ends the call with the exit code of palette-ecr: 1 failed, 3 a gate refused, 4 unproven, 64 wrong
// use. With --report-anyway it gives its report instead, for a job that keeps it.
package main

import (
	"context"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// A PaletteAI installation that is to use ECR: its values, and the registry they are to lead to
type PaletteEcr struct {
	// +private
	Source *dagger.Directory
	// +private
	Tools *Tools
	// +private
	Images *Images
	// +private
	Network *Network
	// +private
	Input *Input
	// +private
	Flags []string
	// +private
	Chart *Chart
}

// keepCertFlag is a flag that policies doesn't know.
const keepCertFlag = "keep-cert"

// Holds your files for one session
//
// +cache="session"
func New(
	ctx context.Context,
	// Your values.yaml. If it still holds a password, which must not lie in an engine's cache, use with-secret-values.
	//
	// +optional
	values *dagger.File,
	// Or the manifest of the Flux HelmRelease that holds the values.
	//
	// +optional
	helmRelease *dagger.File,
	// Path of that file in your repository, for example deploy/values.yaml: for places in reports, and needed by changes.
	//
	// +optional
	path string,
	// A cutover.yaml that says what is wanted; arguments win over it.
	//
	// +optional
	config *dagger.File,
	// Directory that the paths in config are relative to, for example deploy: files that config names are read there.
	//
	// +optional
	files *dagger.Directory,
	// Address of the registry: oci://<account>.dkr.ecr.<region>.amazonaws.com/<namespace> or oci://public.ecr.aws/<alias>.
	//
	// +optional
	endpoint string,
	// Repository below the endpoint; mural-workloads when empty.
	//
	// +optional
	repository string,
	// How pods get their AWS identity; irsa when empty.
	//
	// +optional
	identity Identity,
	// Role of hue and source-controller, with irsa.
	//
	// +optional
	roleArn string,
	// Namespace of the release; mural-system when empty.
	//
	// +optional
	namespace string,
	// Accept that ECR Public makes the rendered manifests world-readable.
	//
	// +optional
	allowPublic bool,
	// Keep certSecretName and proxySecretName: they are meant for ECR too.
	//
	// +optional
	keepCert bool,
	// A checkout of palette-ecr to build the tool from, in place of the module's own source: not your files.
	//
	// +optional
	source *dagger.Directory,
) (*PaletteEcr, error) {
	input, err := newInput(ctx, values, helmRelease, path, config, files)
	if err != nil {
		return nil, err
	}
	m := &PaletteEcr{
		Source: source, Tools: &Tools{}, Images: defaultImages(), Network: &Network{}, Input: input, Chart: &Chart{},
	}
	m.Flags = flags{
		{"endpoint", endpoint}, {"repository", repository}, {"identity", string(identity)},
		{"role-arn", roleArn}, {"namespace", namespace},
	}.args()
	m.Flags = append(m.Flags, switches{{"allow-public", allowPublic}, {keepCertFlag, keepCert}}.args()...)
	if config != nil {
		m.Flags = append(m.Flags, "--config="+home+"/"+configName)
	}
	return m, nil
}
