package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/internal/console"
	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/revert"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// renderFlags say what to write, and where.
type renderFlags struct {
	target     targetFlags
	interval   string
	timeout    string
	disableZot bool
	revert     string
	inPlace    bool
	diff       bool
	check      bool
}

func (a *app) renderCommand() *cobra.Command {
	var r renderFlags
	c := &cobra.Command{
		Use:   "render",
		Short: "Write the registry settings into values.yaml or a HelmRelease, and nothing else",
		Long: `Edits the user's values.yaml, or the values in the manifest of a Flux HelmRelease, so that hue and every spoke use
ECR, and prints the new file. What isn't a registry setting stays byte for byte: comments, order, quoting, blank
lines, anchors. Rendering the result again changes nothing. Needs no cluster and no AWS, and, when the file names its
spokes, no chart either; with --chart it also knows where a default of the chart would bring basicAuth back.

  palette-ecr render -f values.yaml --endpoint oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette \
    --role-arn arn:aws:iam::123456789012:role/palette-ecr > new.yaml
  palette-ecr render --config cutover.yaml --diff
  palette-ecr render --config cutover.yaml --in-place
  palette-ecr render --config cutover.yaml --check             (exit code 2 when something would change: for CI)
  palette-ecr render --config cutover.yaml --revert values.before.yaml      (the way back to Zot)`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.render(c.Context(), &r) },
	}
	f := c.Flags()
	r.target.registryFlags(f)
	r.target.valuesFlags(f)
	f.StringVar(&r.interval, "interval", "", "how often Flux looks at the registry (default what the file has, or 5m)")
	f.StringVar(&r.timeout, "registry-timeout", "", "how long Flux waits for the registry (default what the file has, or 60s)")
	f.BoolVar(&r.disableZot, "disable-zot", false, "also set zot.enabled to false; only once ECR is proven to work")
	f.StringVar(&r.revert, "revert", "", "take the edit back: `FILE` is the original as it was before; later changes of other settings stay")
	f.BoolVarP(&r.inPlace, "in-place", "i", false, "write the result into the file, all of it or nothing")
	f.BoolVarP(&r.diff, "diff", "d", false, "show a unified diff instead of the file")
	f.BoolVar(&r.check, "check", false, "print nothing, and end with exit code 2 when something would change")
	return c
}

func (a *app) render(ctx context.Context, r *renderFlags) error {
	want, err := r.target.cutover()
	if err != nil {
		return err
	}
	file, err := a.readValues(want)
	if err != nil {
		return err
	}
	if r.inPlace && want.ValuesPath() == "-" {
		return fault.New(fault.Usage, "leave --in-place out: the result is on standard output", "reading flags: --in-place needs a file, not standard input")
	}
	loaded, err := a.namedChart(ctx, &r.target)
	if err != nil {
		return err
	}
	if r.revert != "" {
		original, err := values.Read(r.revert)
		if err != nil {
			return err
		}
		back, err := revert.Run(revert.Input{File: file, Original: original, Target: want, Chart: loaded})
		if err != nil {
			return err
		}
		return a.show(r, want.ValuesPath(), file.Name(), edited{back, back.Output, back.Changes})
	}
	rendered, err := r.edit(want, file, loaded)
	if err != nil {
		return err
	}
	for _, note := range rendered.Notes {
		a.Progress().Say("%s", note)
	}
	return a.show(r, want.ValuesPath(), file.Name(), edited{rendered, rendered.Output, len(rendered.Changes)})
}

// writable is what render and revert make.
type writable interface {
	Diff(name string) string
	WriteInPlace(path string) error
}

// edited is a new content for the user's file.
type edited struct {
	writable
	output  []byte
	changes int
}

// edit is the library call.
func (r *renderFlags) edit(want target.Cutover, file *values.File, loaded *helmchart.Chart) (*values.Rendered, error) {
	if err := want.Validate(target.NeedRegistry, target.NeedIdentity); err != nil {
		return nil, err
	}
	destination, err := want.Destination()
	if err != nil {
		return nil, err
	}
	wanted := values.Settings{
		Destination: destination.Registry, Repository: want.Registry.Repository, Identity: want.Identity,
		Interval: r.interval, Timeout: r.timeout, DisableZot: r.disableZot,
	}
	if loaded != nil {
		if wanted.ChartDefaults, err = chart.Defaults(loaded); err != nil {
			return nil, err
		}
	}
	return file.Render(wanted)
}

// show writes the result where the flags say.
func (a *app) show(r *renderFlags, path, name string, e edited) error {
	if r.diff {
		if _, err := fmt.Fprint(a.Out, console.Paint(a.Color(a.OutTTY)).Diff(e.Diff(name))); err != nil {
			return err
		}
	}
	switch {
	case r.check && e.changes > 0:
		return fault.New(fault.Pending, "write them with: palette-ecr render --in-place", "checking %q: %s would change", name, report.Counted(e.changes, "setting"))
	case r.check:
	case r.inPlace && e.changes == 0:
		a.Progress().Say("%s is as it should be already", path)
	case r.inPlace:
		if err := e.WriteInPlace(path); err != nil {
			return err
		}
		a.Progress().Say("changed %s in %s", report.Counted(e.changes, "setting"), path)
	case !r.diff:
		_, err := a.Out.Write(e.output)
		return err
	}
	return nil
}

// stdin is what places in standard input are called.
const stdin = "<stdin>"

// readValues reads the user's file, or standard input.
func (a *app) readValues(want target.Cutover) (*values.File, error) {
	if err := want.Validate(target.NeedValues); err != nil {
		return nil, err
	}
	path := want.ValuesPath()
	read := func() (*values.File, error) { return values.Read(path) }
	if path == "-" {
		read = func() (*values.File, error) { return values.ReadFrom(stdin, a.In) }
	}
	file, err := read()
	if err != nil {
		return nil, err
	}
	if want.Release.HelmRelease != "" && file.Kind() != values.HelmRelease {
		return nil, fault.New(fault.Usage, "give it as --values", "reading %q: no HelmRelease is in it", path)
	}
	return file, nil
}

// namedChart loads the chart that the flags or the file of --config name; nil when neither does. Nothing is
// fetched that nobody asked for.
func (a *app) namedChart(ctx context.Context, t *targetFlags) (*helmchart.Chart, error) {
	ref, version, err := t.namedChart()
	if err != nil || ref == "" {
		return nil, err
	}
	client, err := ecr.HTTPClient(a.Getenv)
	if err != nil {
		return nil, err
	}
	loaded, err := chart.Load(ctx, ref, version, chart.Options{HTTPClient: client})
	return loaded, console.Interrupted(ctx, err, "")
}

// namedChart is the chart that was asked for by name. The default version is only for a registry: a
// directory or an archive has its own.
func (t *targetFlags) namedChart() (ref, version string, err error) {
	var file target.Cutover
	if t.config != "" {
		if file, err = target.Load(t.config); err != nil {
			return "", "", err
		}
	}
	release := file.Merge(t.want).Release
	if release.Version == "" && isOCI(release.Chart) {
		release.Version = target.DefaultVersion
	}
	if release.Chart == "" && t.want.Release.Version != "" {
		release.Chart = target.DefaultChart
	}
	return release.Chart, release.Version, nil
}

func isOCI(ref string) bool { return len(ref) > 6 && ref[:6] == "oci://" }
