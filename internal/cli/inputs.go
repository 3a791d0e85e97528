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
	return append(files, filepath.SplitList(getenv("KUBECONFIG"))...)
}
