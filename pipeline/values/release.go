package values

import (
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Release is what a HelmRelease manifest says besides its values
// (fluxcd.io/flux/components/helm/helmreleases).
type Release struct {
	APIVersion      string
	Name            string
	Namespace       string         // of the HelmRelease; "" if the manifest has none
	ReleaseName     string         // of the Helm release, as written; "" means that Flux makes it from the others
	TargetNamespace string         // of the Helm release, if it isn't Namespace
	Chart           string         // spec.chart.spec.chart, or ""
	Version         string         // spec.chart.spec.version, or ""
	ChartRef        ChartRef       // spec.chartRef, or empty
	DependsOn       []string       // names, or namespace/name
	ValuesFrom      []ValuesSource // what is merged below the values and can't be seen in the file
	Suspend         bool
	Place           report.Place // of the document
}

// ChartRef names the source that the chart comes from.
type ChartRef struct{ Kind, Name, Namespace string }

// ValuesSource is a ConfigMap or Secret with further values.
type ValuesSource struct {
	Kind, Name, ValuesKey, TargetPath string
	Optional                          bool
	Place                             report.Place
}

// String names the source as kubectl does.
func (s ValuesSource) String() string { return s.Kind + "/" + s.Name }

// manifest is the part of a HelmRelease that is read.
type manifest struct {
	APIVersion string `json:"apiVersion"`
	Metadata   struct{ Name, Namespace string }
	Spec       struct {
		ReleaseName, TargetNamespace string
		Suspend                      bool
		Chart                        struct {
			Spec struct{ Chart, Version string }
		}
		ChartRef   ChartRef
		DependsOn  []struct{ Name, Namespace string }
		ValuesFrom []struct {
			Kind, Name, ValuesKey, TargetPath string
			Optional                          bool
		}
	}
}

// describe reads the manifest.
func (f *File) describe() (*Release, error) {
	var m manifest
	if err := yaml.Unmarshal([]byte(f.stream.Source[f.document.Start:f.document.End]), &m); err != nil {
		return nil, fault.New(fault.Usage, "compare the manifest with the HelmRelease API", "parsing %q: reading the HelmRelease: %w", f.name, err)
	}
	r := &Release{
		APIVersion: m.APIVersion, Name: m.Metadata.Name, Namespace: m.Metadata.Namespace,
		ReleaseName: m.Spec.ReleaseName, TargetNamespace: m.Spec.TargetNamespace, Suspend: m.Spec.Suspend,
		Chart: m.Spec.Chart.Spec.Chart, Version: m.Spec.Chart.Spec.Version, ChartRef: m.Spec.ChartRef,
		Place: f.place(f.document.Root.Start, f.document.Root.End, ""),
	}
	for _, d := range m.Spec.DependsOn {
		name := d.Name
		if d.Namespace != "" {
			name = d.Namespace + "/" + name
		}
		r.DependsOn = append(r.DependsOn, name)
	}
	from := child(child(f.document.Root, "spec"), "valuesFrom")
	for i, v := range m.Spec.ValuesFrom {
		item := from.Resolved().Children[i]
		r.ValuesFrom = append(r.ValuesFrom, ValuesSource{
			Kind: v.Kind, Name: v.Name, ValuesKey: v.ValuesKey, TargetPath: v.TargetPath, Optional: v.Optional,
			Place: f.place(item.Start, item.End, fmt.Sprintf("spec.valuesFrom[%d]", i)),
		})
	}
	return r, nil
}
