package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/internal/console"
	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/render"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/revert"
	"github.com/palette-ecr/palette-ecr/pipeline/sops"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// renderFlags say what to write, and where.
type renderFlags struct {
	target     targetFlags
	disableZot bool
	keepCert   bool
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
  palette-ecr render --config cutover.yaml --revert values.before.yaml      (back to Zot)`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := r.target.unusedHub(c); err != nil {
				return err
			}
			return a.render(c.Context(), &r)
		},
	}
	f := c.Flags()
	r.target.registryFlags(f)
	r.target.valuesFlags(f)
	f.StringVar(&r.target.want.Registry.Interval, "interval", "", "how often Flux looks at the registry (default what the file has, or 5m)")
	f.StringVar(&r.target.want.Registry.Timeout, "registry-timeout", "", "how long Flux waits for the registry (default what the file has, or 60s)")
	f.BoolVar(&r.disableZot, "disable-zot", false, "also set zot.enabled to false; only once ECR is proven to work")
	f.BoolVar(&r.keepCert, "keep-cert", false, "keep certSecretName and proxySecretName: they are meant for ECR too")
	r.target.sourceFlags(f)
	r.target.hubFlags(f)
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
	file, err := a.read.values(ctx, want, &r.target)
	if err != nil {
		return err
	}
	if r.inPlace && want.ValuesPath() == "-" {
		return fault.New(fault.Usage, "leave --in-place out: the result is on standard output", "reading flags: --in-place needs a file, not standard input")
	}
	loaded, err := a.read.chart(ctx, &r.target)
	if err != nil {
		return err
	}
	if r.revert != "" {
		original, err := a.read.original(want, &r.target, r.revert, file.Name())
		if err != nil {
			return err
		}
		back, err := revert.Run(revert.Input{File: file, Original: original, Target: want, Chart: loaded, Decrypt: sops.Find(ctx)})
		if err != nil {
			return err
		}
		return a.show(r, pathOf(want, file), file.Name(), back)
	}
	rendered, err := render.Run(file, render.Options{Target: want, Chart: loaded, DisableZot: r.disableZot, KeepCert: r.keepCert, Decrypt: sops.Find(ctx)})
	if err != nil {
		return err
	}
	for _, note := range rendered.Notes {
		a.Progress().Say("%s", note)
	}
	for _, finding := range rendered.Unseen { // also with -q
		fmt.Fprintf(a.Err, "warning L31: %s\n", finding)
	}
	return a.show(r, pathOf(want, file), file.Name(), rendered)
}

// pathOf is the path of the file that is edited.
func pathOf(want target.Cutover, file *values.File) string {
	if want.ValuesPath() == "-" {
		return "-"
	}
	return file.Name()
}

// show writes the result where the flags say.
func (a *app) show(r *renderFlags, path, name string, e *values.Rendered) error {
	changes := len(e.Changes)
	if r.diff {
		text := e.Diff(name)
		if strings.Contains(text, values.Mask) {
			if _, err := fmt.Fprintf(a.Out, "# Secrets are shown as %s, so this can't be applied; palette-ecr render > FILE gives the real file.\n", values.Mask); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprint(a.Out, console.Paint(a.Color(a.OutTTY)).Diff(text)); err != nil {
			return err
		}
	}
	switch {
	case r.check && changes > 0:
		return fault.New(fault.Pending, "write them with: palette-ecr render --in-place", "checking %q: %s would change", name, report.Counted(changes, "setting"))
	case r.check:
	case r.inPlace && changes == 0:
		a.Progress().Say("%s is as it should be already", path)
	case r.inPlace:
		if err := e.WriteInPlace(path); err != nil {
			return err
		}
		a.Progress().Say("changed %s in %s", report.Counted(changes, "setting"), path)
	case !r.diff:
		output, err := e.Sealed()
		if err != nil {
			return err
		}
		_, err = a.Out.Write(output)
		return err
	}
	return nil
}

// values reads the user's files, or standard input, and says which of several is edited.
func (a reader) values(ctx context.Context, want target.Cutover, t *targetFlags) (*values.File, error) {
	file, err := a.open(ctx, want, t)
	if err == nil && len(t.values) > 1 {
		fmt.Fprintf(a.Err, "of the values files, %q is edited (--edit names another)\n", file.Name())
	}
	return file, err
}

// open is values without a word.
func (a reader) open(ctx context.Context, want target.Cutover, t *targetFlags) (*values.File, error) {
	files, err := a.files(want, t)
	if err != nil {
		return nil, err
	}
	file, err := render.Open(files)
	if err != nil || !t.fromHub {
		return file, err
	}
	client, err := ecr.HTTPClient(a.Getenv)
	if err != nil {
		return nil, err
	}
	hub, err := (&world.World{Target: want, HTTPClient: client}).Connect(ctx, want.Hub)
	if err != nil {
		return nil, err
	}
	return render.FromCluster(ctx, file, hub, want.Release.Namespace, nil)
}

// files are the user's files and how they are read.
func (a reader) files(want target.Cutover, t *targetFlags) (render.Files, error) {
	if err := want.Validate(target.NeedValues); err != nil {
		return render.Files{}, err
	}
	files, err := t.files()
	files.HelmRelease, files.In = want.Release.HelmRelease != "", a.In
	if len(files.Paths) == 0 {
		files.Paths = []string{want.ValuesPath()}
	}
	files.Paths = slices.Clone(files.Paths)
	return files, err
}

// original reads the file that --revert names, in the way of the file that was made of it: in place of that one among
// several.
func (a reader) original(want target.Cutover, t *targetFlags, path, edited string) (*values.File, error) {
	files, err := a.files(want, t)
	if err != nil {
		return nil, err
	}
	files.Edit = path
	for i, p := range files.Paths {
		if p == edited || len(files.Paths) == 1 {
			files.Paths[i] = path
		}
	}
	return render.Open(files)
}

// files are the values that flags name, and what is merged with them; no path is the target's one file.
func (t *targetFlags) files() (render.Files, error) {
	sources, given, err := render.SourceFiles(t.valuesFrom)
	f := render.Files{Edit: t.edit, Sources: sources, Given: given, FromHub: t.fromHub}
	if len(t.values) > 1 {
		f.Paths = t.values
	}
	return f, err
}

// chart loads the chart that the flags or the file of --config name; nil when neither does. Nothing is
// fetched that nobody asked for.
func (a reader) chart(ctx context.Context, t *targetFlags) (*helmchart.Chart, error) {
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

// chart returns the chart that was asked for by name; a version alone asks for none. A directory or an archive has
// its own version; of a chart in a registry none is assumed.
func (t *targetFlags) namedChart() (ref, version string, err error) {
	var file target.Cutover
	if t.config != "" {
		if file, err = target.Load(t.config); err != nil {
			return "", "", err
		}
	}
	release := file.Merge(t.want).Release
	if release.Version == "" && isOCI(release.Chart) {
		return "", "", fault.New(fault.Usage, "give --version (release.version), as `helm list` shows it", "reading chart %q: without a cluster no version is assumed", release.Chart)
	}
	return release.Chart, release.Version, nil
}

func isOCI(ref string) bool { return len(ref) > 6 && ref[:6] == "oci://" }
