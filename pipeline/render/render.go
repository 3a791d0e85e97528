// Package render is the one way in which the registry settings get into a user's values: the command render, the stage
// of that name and lint --fix read and edit files here, so that none of them takes a file that another refuses.
package render

import (
	"errors"
	"io"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/sops"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// Stdin is what places in standard input are called.
const Stdin = "<stdin>"

// Files say where the values are.
type Files struct {
	Paths       []string      // of values files, merged as Helm does; or of one manifest. "-" is standard input
	Edit        string        // the one that is edited; empty is the last with a registry setting
	HelmRelease bool          // it must be a manifest
	In          io.Reader     // standard input
	Sources     values.Source // what valuesFrom names and the file doesn't hold; nil knows nothing
	Given       []string      // the objects of which Sources were given by hand, as kind/name
	FromHub     bool          // the hub is going to be asked for what valuesFrom names (FromCluster)
	Decrypt     sops.Opener   // of files that SOPS encrypted; nil leaves them as they are
}

// Open reads the values.
func Open(f Files) (*values.File, error) {
	var files []*values.File
	for _, path := range f.Paths {
		file, err := f.read(path)
		if err == nil && f.Decrypt != nil && file.Encrypted() {
			file, err = f.Decrypt(file)
		}
		if err != nil {
			return nil, err
		}
		if f.HelmRelease && file.Kind() == values.Plain {
			return nil, fault.New(fault.Usage, "give it as --values", "reading %q: no HelmRelease is in it", path)
		}
		files = append(files, file)
	}
	if f.Edit == "-" {
		f.Edit = Stdin
	}
	file, err := values.Join(files, f.Edit)
	if err != nil {
		return nil, err
	}
	if (len(f.Given) > 0 || f.FromHub) && file.HelmRelease() == nil {
		flag := "--values-from"
		if f.FromHub {
			flag = "--values-from-hub"
		}
		return nil, fault.New(fault.Usage, "leave it out, or give the HelmRelease", "reading %q: %s does not apply here: no HelmRelease is in it, whose valuesFrom could name something", file.Name(), flag)
	}
	if f.Sources == nil {
		return file, nil
	}
	for _, object := range f.Given {
		if err := file.CheckSource(object); err != nil {
			return nil, err
		}
	}
	return file.WithSources(f.Sources)
}

func (f Files) read(path string) (*values.File, error) {
	switch {
	case path != "-":
		return values.Read(path)
	case f.In == nil:
		return nil, fault.New(fault.Usage, "name a file", "reading standard input: there is none")
	}
	return values.ReadFrom(Stdin, f.In)
}

// Options say what to write.
type Options struct {
	Target     target.Cutover
	Chart      *helmchart.Chart // nil when none is at hand
	DisableZot bool
	Spokes     []string    // the only ones that are switched, while hue stays where it is; nil switches everything
	KeepCert   bool        // certSecretName and proxySecretName are meant for ECR too
	Decrypt    sops.Opener // of what only SOPS can edit; nil refuses that
}

// Run writes the registry settings into a file's values.
func Run(file *values.File, o Options) (*values.Rendered, error) {
	if err := o.Target.Validate(target.NeedRegistry, target.NeedIdentity); err != nil {
		return nil, err
	}
	destination, err := o.Target.Destination()
	if err != nil {
		return nil, err
	}
	s := values.Settings{
		Destination: destination.Registry, Repository: o.Target.Registry.Repository, Identity: o.Target.Identity,
		Interval: o.Target.Registry.Interval, Timeout: o.Target.Registry.Timeout, DisableZot: o.DisableZot, KeepCert: o.KeepCert, Spokes: o.Spokes,
	}
	if o.Chart != nil {
		if s.ChartDefaults, err = chart.Defaults(o.Chart); err != nil {
			return nil, err
		}
	}
	rendered, err := file.Render(s)
	if o.Decrypt == nil || !errors.Is(err, values.ErrEncrypted) {
		return rendered, err
	}
	if file, err = o.Decrypt(file); err != nil {
		return nil, err
	}
	return file.Render(s)
}

// SourceFiles makes a source of kind/name=FILE arguments, and lists the objects. A file is the manifest of the object, or its
// one value.
func SourceFiles(specs []string) (source values.Source, objects []string, err error) {
	if len(specs) == 0 {
		return nil, nil, nil
	}
	known := map[string]map[string]string{}
	for _, spec := range specs {
		object, path, ok := strings.Cut(spec, "=")
		kind, name, named := strings.Cut(object, "/")
		for _, k := range []string{"ConfigMap", "Secret"} {
			if strings.EqualFold(kind, k) {
				kind = k
			}
		}
		if !ok || !named || name == "" || path == "" || kind != "ConfigMap" && kind != "Secret" {
			return nil, nil, fault.New(fault.Usage, "write it as Secret/name=file or ConfigMap/name=file", "reading --values-from %q: it names no object and file", object)
		}
		data, err := values.ReadSource(path, kind, name)
		if err != nil {
			return nil, nil, err
		}
		known[kind+"/"+name] = data
		objects = append(objects, kind+"/"+name)
	}
	return func(kind, name string) (map[string]string, bool, error) {
		data, ok := known[kind+"/"+name]
		return data, ok, nil
	}, objects, nil
}
