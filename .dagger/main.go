// Moves a PaletteAI installation from its in-cluster Zot registry to Amazon ECR, with proof
//
// Give it your values and where they are to lead, and go from stage to stage. The order is in the types: what can be
// deployed was rendered and linted, what can be validated was deployed, and Zot is turned off by what was validated.
//
//	dagger -m . call --values values.yaml --endpoint oci://... --role-arn arn:... render diff
//	dagger -m . call --values values.yaml --endpoint oci://... --role-arn arn:... lint
//	dagger -m . call --values values.yaml --endpoint oci://... --role-arn arn:... render lint
//	  target --kubeconfig file://kubeconfig with-aws-keys --access-key env://AWS_ACCESS_KEY_ID
//	  --secret-key env://AWS_SECRET_ACCESS_KEY copy deploy validate disable-zot summary
//	dagger -m . call rehearse
//
// A stage that fails ends the call with the exit code of palette-ecr: 1 failed, 3 a gate refused, 4 unproven, 64 wrong
// use. With --report-anyway it gives its report instead, for a job that keeps it.
package main

import (
	"path"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// A PaletteAI installation that is to use ECR: its values, and the registry they are to lead to
type PaletteEcr struct {
	// +private
	Source *dagger.Directory
	// +private
	Images *Images
	// +private
	Files *dagger.Directory
	// +private
	SecretValues *dagger.Secret
	// +private
	ValuesFlag string
	// +private
	ValuesPath string
	// +private
	Flags []string
	// +private
	ChartFlags []string
	// +private
	CrdFlags []string
	// +private
	CaBundle *dagger.File
	// +private
	Proxy *dagger.Secret
	// +private
	NoProxy string
}

func New(
	// The repository of palette-ecr itself, to build the tool from: not your files.
	//
	// +defaultPath="/"
	// +ignore=[".git", "bin", "report", "**/node_modules"]
	source *dagger.Directory,
	// Your values.yaml. If it still holds a password that must not lie in an engine's cache, use with-secret-values.
	//
	// +optional
	values *dagger.File,
	// Or the manifest of the Flux HelmRelease that holds the values.
	//
	// +optional
	helmRelease *dagger.File,
	// Path of that file in your repository, for places in reports. Its own name when empty.
	//
	// +optional
	path string,
	// A cutover.yaml that says what is wanted; arguments win over it.
	//
	// +optional
	config *dagger.File,
	// Address of the registry: oci://<account>.dkr.ecr.<region>.amazonaws.com/<namespace> or oci://public.ecr.aws/<alias>.
	//
	// +optional
	endpoint string,
	// Repository below the endpoint; mural-workloads when empty.
	//
	// +optional
	repository string,
	// How pods get their AWS identity: irsa, pod-identity or instance-profile; irsa when empty.
	//
	// +optional
	identity string,
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
) *PaletteEcr {
	m := &PaletteEcr{Source: source, Images: defaultImages(), Files: dag.Directory()}
	for _, flag := range []struct{ name, value string }{
		{"--endpoint", endpoint}, {"--repository", repository}, {"--identity", identity},
		{"--role-arn", roleArn}, {"--namespace", namespace},
	} {
		if flag.value != "" {
			m.Flags = append(m.Flags, flag.name+"="+flag.value)
		}
	}
	if allowPublic {
		m.Flags = append(m.Flags, "--allow-public")
	}
	if config != nil {
		m.Files = m.Files.WithFile("cutover.yaml", config)
		m.Flags = append(m.Flags, "--config="+home+"/cutover.yaml")
	}
	switch {
	case helmRelease != nil:
		m.take("--helm-release", "helmrelease.yaml", path, helmRelease)
	case values != nil:
		m.take("--values", "values.yaml", path, values)
	}
	return m
}

// take puts the user's file where the stages look for it, under the path that reports are to show.
func (m *PaletteEcr) take(flag, name, wanted string, file *dagger.File) {
	m.ValuesFlag, m.ValuesPath = flag, name
	if wanted != "" {
		m.ValuesPath = path.Clean("/" + wanted)[1:]
	}
	m.Files = m.Files.WithFile(m.ValuesPath, file)
}

// Takes your values as a Secret, for a file with passwords in it: it is mounted, and is in no layer and no cache
//
// +cache="session"
func (m *PaletteEcr) WithSecretValues(
	// The values.yaml, for example file://values.yaml.
	values *dagger.Secret,
	// Path of the file in your repository, for places in reports; values.yaml when empty.
	//
	// +optional
	path string,
) *PaletteEcr {
	m.SecretValues, m.ValuesFlag, m.ValuesPath = values, "--values", "values.yaml"
	if path != "" {
		m.ValuesPath = path
	}
	return m
}

// Names the charts: for rules on rendered manifests, for defaults that come back, and for deployment
func (m *PaletteEcr) WithChart(
	// Where chart mural is: oci://...; public.ecr.aws/mural/mural when empty.
	//
	// +optional
	reference string,
	// Or the chart as a directory.
	//
	// +optional
	directory *dagger.Directory,
	// Or the chart as a packed .tgz.
	//
	// +optional
	archive *dagger.File,
	// Version of the chart.
	//
	// +optional
	version string,
	// Where chart mural-crds is: oci://...; public.ecr.aws/mural/mural-crds when empty.
	//
	// +optional
	crdsReference string,
	// Version of mural-crds; the CRDs stay as they are when empty.
	//
	// +optional
	crdsVersion string,
) *PaletteEcr {
	switch {
	case directory != nil:
		m.Files, reference = m.Files.WithDirectory(".charts/mural", directory), home+"/.charts/mural"
	case archive != nil:
		m.Files, reference = m.Files.WithFile(".charts/mural.tgz", archive), home+"/.charts/mural.tgz"
	}
	m.ChartFlags, m.CrdFlags = nil, nil
	if reference != "" {
		m.ChartFlags = append(m.ChartFlags, "--chart="+reference)
	}
	if version != "" {
		m.ChartFlags = append(m.ChartFlags, "--version="+version)
	}
	if crdsReference != "" {
		m.CrdFlags = append(m.CrdFlags, "--crds-chart="+crdsReference)
	}
	if crdsVersion != "" {
		m.CrdFlags = append(m.CrdFlags, "--crds-version="+crdsVersion)
	}
	return m
}

// Says how AWS, its registries and charts are reached from a network that is closed
//
// +cache="session"
func (m *PaletteEcr) WithNetwork(
	// Proxy for HTTPS, for example env://HTTPS_PROXY: a Secret, since its address may hold a password.
	//
	// +optional
	proxy *dagger.Secret,
	// Hosts and networks that are reached without the proxy, as NO_PROXY says it: the clusters, most often.
	//
	// +optional
	noProxy string,
	// Authorities in PEM, besides the image's own, that sign what the proxy or the mirror shows.
	//
	// +optional
	caBundle *dagger.File,
) *PaletteEcr {
	m.Proxy, m.NoProxy, m.CaBundle = proxy, noProxy, caBundle
	return m
}
