package main

import "github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"

// The charts that stages read
type Chart struct {
	// +private
	Files *dagger.Directory
	// +private
	Flags []string
	// +private
	Crds []string
}

// charts is where charts that were given as files are in a container.
const charts = "/run/charts"

// Names the charts: for rules on rendered manifests, for defaults that come back, and for deployment
//
// +cache="session"
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
) (*PaletteEcr, error) {
	given := 0
	for _, is := range []bool{reference != "", directory != nil, archive != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		return nil, wrongUse("reading the arguments of with-chart: the chart is given more than once", "give one of --reference, --directory and --archive")
	}
	chart := &Chart{}
	switch {
	case directory != nil:
		chart.Files, reference = dag.Directory().WithDirectory("mural", directory), charts+"/mural"
	case archive != nil:
		chart.Files, reference = dag.Directory().WithFile("mural.tgz", archive), charts+"/mural.tgz"
	}
	chart.Flags = flags{{"chart", reference}, {"version", version}}.args()
	chart.Crds = flags{{"crds-chart", crdsReference}, {"crds-version", crdsVersion}}.args()
	next := *m
	next.Chart = chart
	return &next, nil
}
