package cli

import (
	"path/filepath"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// inputs lists the files that the flags, the file of --config and the environment name: no report may take the place
// of one of them. What isn't a file, such as the address of a chart, does no harm in the list.
func (t *targetFlags) inputs(want target.Cutover, getenv func(string) string) []string {
	files := []string{t.config, want.Release.Values, want.Release.HelmRelease, want.Release.Chart, want.Release.CRDs.Chart, want.Hub.Kubeconfig}
	for _, spoke := range want.Spokes {
		files = append(files, spoke.Kubeconfig)
	}
	files = append(files, t.values...)
	for _, given := range t.valuesFrom {
		if _, path, ok := strings.Cut(given, "="); ok {
			files = append(files, path)
		}
	}
	files = append(append(files, filesOf(want.Release.Chart)...), filesOf(want.Release.CRDs.Chart)...)
	for _, name := range fileVariables {
		files = append(files, getenv(name))
	}
	for variable, path := range homeFiles {
		if home := getenv("HOME"); home != "" && getenv(variable) == "" {
			files = append(files, filepath.Join(home, filepath.FromSlash(path)))
		}
	}
	for _, directory := range filepath.SplitList(getenv("SSL_CERT_DIR")) {
		authorities, _ := filepath.Glob(filepath.Join(directory, "*")) // the pattern is well-formed
		files = append(files, authorities...)
	}
	return append(files, filepath.SplitList(getenv("KUBECONFIG"))...)
}

// homeFiles are what stands in for files that variables name (as for fileVariables, and kubectl's documentation of kubeconfig).
var homeFiles = map[string]string{"AWS_CONFIG_FILE": ".aws/config", "AWS_SHARED_CREDENTIALS_FILE": ".aws/credentials", "KUBECONFIG": ".kube/config"}

// fileVariables name files that the AWS SDK (docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html), Go's
// crypto/x509 and sops read.
var fileVariables = []string{
	"AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"SSL_CERT_FILE", "SOPS_AGE_KEY_FILE",
}

// filesOf lists the files of a chart in a directory, where Helm looks for them; none of any other chart.
func filesOf(chart string) []string {
	var files []string
	for _, pattern := range []string{"Chart.*", "values.*", "templates/*", "templates/*/*", "crds/*", "charts/*", "charts/*/*", "charts/*/*/*"} {
		found, _ := filepath.Glob(filepath.Join(chart, pattern)) // the patterns are well-formed
		files = append(files, found...)
	}
	return files
}
