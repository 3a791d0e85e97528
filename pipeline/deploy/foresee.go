package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Foreseen is what Run would do to the objects of the cluster.
type Foreseen struct {
	Effects  []plan.Effect // by object, without their stages
	Facts    []plan.Fact   // that it rests on
	Restarts []string      // objects whose pods are replaced
	Final    []string      // what can't be undone
	Unknown  []string      // what could not be looked at, and the right that is missing
}

// Foresee finds out what Run would do, and refuses what Run would refuse. Helm renders the charts with the cluster at
// hand, and the API server is asked for each object what it would make of it (dry run): defaults and webhooks are in the
// answer, and nothing is stored. With Flux, o.Values are what the release is to have in the end, wherever they come from.
func Foresee(ctx context.Context, c *cluster.Cluster, o Options) (Foreseen, error) {
	o.complete()
	h, err := foreseeing(c, o)
	if err != nil {
		return Foreseen{}, err
	}
	if o.Release.ManagedBy == target.Flux {
		return foreseeFlux(ctx, c, h, o)
	}
	if err := o.load(ctx); err != nil {
		return Foreseen{}, err
	}
	return foresee(ctx, c, h, o)
}

// foreseeing is the Helm that is asked. That a release is pending is for others to refuse or to repair, before anything is
// changed.
func foreseeing(c *cluster.Cluster, o Options) (*helm, error) {
	h, err := newHelm(c, o)
	if err == nil {
		h.config.Releases.Driver = repaired{h.config.Releases.Driver}
	}
	return h, err
}

// foresee has Helm injected.
func foresee(ctx context.Context, c *cluster.Cluster, h *helm, o Options) (Foreseen, error) {
	if err := o.check(h); err != nil {
		return Foreseen{}, err
	}
	f := newForeseer(c, h, o)
	if o.CRDs != nil {
		if err := f.crds(ctx, o.CRDs); err != nil {
			return f.Foreseen, err
		}
	}
	return f.finish(ctx, o.Chart, o.Values)
}

// ForeseeRevision is Foresee for Undo: the release as it was at a revision.
func ForeseeRevision(ctx context.Context, c *cluster.Cluster, o Options, revision int) (Foreseen, error) {
	o = o.undoing()
	h, err := foreseeing(c, o)
	if err != nil {
		return Foreseen{}, err
	}
	history, err := h.history(o.Release.Name)
	if err != nil {
		return Foreseen{}, err
	}
	wanted, err := h.find(history, revision)
	if err != nil {
		return Foreseen{}, err
	}
	f := newForeseer(c, h, o)
	last := history[len(history)-1]
	f.fact(last.Name, last)
	if isThere(last, wanted) {
		return f.Foreseen, f.restarts(ctx, nil)
	}
	if err := f.compare(ctx, last, wanted); err != nil {
		return f.Foreseen, err
	}
	return f.Foreseen, f.restarts(ctx, wanted)
}

// ForeseeBack is Foresee for Back: the release with the chart of an earlier revision.
func ForeseeBack(ctx context.Context, c *cluster.Cluster, o Options, revision int) (Foreseen, error) {
	o = o.undoing()
	h, err := foreseeing(c, o)
	if err != nil {
		return Foreseen{}, err
	}
	way, err := h.wayBack(ctx, o, revision)
	if err != nil {
		return Foreseen{}, err
	}
	if way.to != nil {
		return ForeseeRevision(ctx, c, o, way.to.Version)
	}
	o.Chart = way.chart
	return foresee(ctx, c, h, o)
}

// foreseeFlux adds the HelmRelease to what Flux makes of it with Helm.
func foreseeFlux(ctx context.Context, c *cluster.Cluster, h *helm, o Options) (Foreseen, error) {
	f := newForeseer(c, h, o)
	wanted, live, err := fluxRelease(ctx, c, o)
	if err != nil {
		return f.Foreseen, err
	}
	last, err := h.last(o.Release.Name)
	if err != nil {
		return f.Foreseen, err
	}
	if last != nil && last.Chart != nil && last.Chart.Metadata != nil {
		if err := forwardFlux(o, wanted, fmt.Sprintf("%s/%s on cluster %q", o.Release.Namespace, o.Release.Name, c.Name), last.Chart.Metadata.Version); err != nil {
			return f.Foreseen, err
		}
	}
	f.Facts = append(f.Facts, objectFact(live))
	if specEqual(live, wanted) {
		f.fact(o.Release.Name, last)
		return f.Foreseen, f.restarts(ctx, nil)
	}
	if err := f.helmRelease(ctx, live, wanted); err != nil || o.Chart == nil {
		return f.Foreseen, err
	}
	return f.finish(ctx, o.Chart, o.Values)
}

// foreseer collects what would happen.
type foreseer struct {
	Foreseen
	cluster *cluster.Cluster
	helm    *helm
	options Options
	hide    *strings.Replacer // secrets that are known
}

func newForeseer(c *cluster.Cluster, h *helm, o Options) *foreseer {
	f := &foreseer{cluster: c, helm: h, options: o}
	given := []map[string]any{o.Values}
	if last, err := h.last(o.Release.Name); err == nil && last != nil {
		given = append(given, last.Config)
		if last.Chart != nil {
			given = append(given, last.Chart.Values)
		}
	}
	f.hide = secret.Known(secret.Passwords(given...))
	return f
}

// fact notes which revision of a release is there.
func (f *foreseer) fact(name string, last *release.Release) {
	seen := plan.Absent
	if last != nil {
		seen = fmt.Sprintf("revision %d, %s", last.Version, last.Info.Status)
		if last.Chart != nil && last.Chart.Metadata != nil {
			seen += ", chart " + last.Chart.Metadata.Version
		}
	}
	f.Facts = append(f.Facts, plan.Fact{Kind: plan.Release, Name: f.options.Release.Namespace + "/" + name, Seen: seen})
}

// finish looks at mural itself, and at what would be restarted.
func (f *foreseer) finish(ctx context.Context, c *helmchart.Chart, values map[string]any) (Foreseen, error) {
	next, err := f.release(ctx, f.options.Release.Name, c, values)
	if err == nil {
		err = f.restarts(ctx, next)
	}
	return f.Foreseen, err
}

// release looks at one release, and returns its next revision; nil when it is left alone.
func (f *foreseer) release(ctx context.Context, name string, c *helmchart.Chart, values map[string]any) (*release.Release, error) {
	last, err := f.helm.last(name)
	if err != nil {
		return nil, err
	}
	f.fact(name, last)
	if values, err = chart.Normal(values); err != nil {
		return nil, err
	}
	if last != nil && same(last, c, values) {
		return nil, f.facts(ctx, last)
	}
	next, err := f.helm.dryRun(ctx, name, c, values, last)
	if err != nil {
		return nil, err
	}
	return next, f.compare(ctx, last, next)
}

// dryRun lets Helm render a chart as the upgrade would, with the cluster at hand. Where it knows a kind only after
// mural-crds is upgraded, the chart is rendered without asking the cluster.
func (h *helm) dryRun(ctx context.Context, name string, c *helmchart.Chart, values map[string]any, last *release.Release) (*release.Release, error) {
	if last != nil {
		upgrade := action.NewUpgrade(h.config)
		upgrade.Namespace, upgrade.ResetValues = h.namespace, true
		upgrade.DryRun, upgrade.DryRunOption = true, "server"
		next, err := upgrade.RunWithContext(ctx, name, chart.Clone(c), values)
		if err == nil {
			return next, nil
		}
		if !unknownKind(err) {
			return nil, h.failed("rendering", change{name: name, version: c.Metadata.Version}, masked(err, last.Config, values))
		}
	}
	made, err := chart.Render(c, values, chart.Release{Name: name, Namespace: h.namespace, KubeVersion: h.kubernetes()})
	if err != nil {
		return nil, masked(err, values)
	}
	var documents strings.Builder
	for _, m := range made {
		if m.Object.GetAnnotations()[release.HookAnnotation] != "" {
			continue
		}
		data, err := yaml.Marshal(m.Object.Object)
		if err != nil {
			return nil, fmt.Errorf("encoding %s of chart %q: %w", m.Name(), c.Name(), err)
		}
		fmt.Fprintf(&documents, "---\n# Source: %s\n%s", m.Source, data)
	}
	return &release.Release{Name: name, Namespace: h.namespace, Manifest: documents.String(), Chart: c, Config: values}, nil
}

// unknownKind reports whether Helm could not find a kind in the cluster. It wraps the API machinery's errors as text.
func unknownKind(err error) bool {
	return meta.IsNoMatchError(err) || strings.Contains(err.Error(), "ensure CRDs are installed first") || strings.Contains(err.Error(), "no matches for kind")
}

// kubernetes returns the cluster's version; empty when it doesn't say.
func (h *helm) kubernetes() string {
	if h.cluster.Clientset == nil {
		return ""
	}
	version, err := h.cluster.Clientset.Discovery().ServerVersion()
	if err != nil {
		return ""
	}
	return version.GitVersion
}

// crds looks at mural-crds: at its templates as a release, and at the files that Helm itself would leave alone.
func (f *foreseer) crds(ctx context.Context, c *helmchart.Chart) error {
	last, err := f.helm.last(c.Name())
	if err != nil {
		return err
	}
	next, err := f.release(ctx, c.Name(), c, nil)
	if err != nil || next == nil {
		return err
	}
	was := "nothing"
	if last != nil && last.Chart != nil && last.Chart.Metadata != nil {
		was = last.Chart.Metadata.Version
	}
	f.Final = append(f.Final, fmt.Sprintf("%s goes from %s to %s, and stays there after a rollback", c.Name(), was, c.Metadata.Version))
	for _, crd := range c.CRDObjects() {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(crd.File.Data, &object.Object); err != nil {
			return fmt.Errorf("reading CRD %q of chart %q: %w", crd.Filename, c.Name(), err)
		}
		if err := f.applied(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// restarts finds the Deployments that Run would restart: those that it rolls out are in the list already. next is the
// release's next revision, nil when there is none.
func (f *foreseer) restarts(ctx context.Context, next *release.Release) error {
	history, err := f.helm.history(f.options.Release.Name)
	if err != nil {
		return err
	}
	for _, w := range f.options.Restart {
		var d appsv1.Deployment
		key := client.ObjectKey{Namespace: f.options.Release.Namespace, Name: w.Name}
		if err := f.cluster.Client.Get(ctx, key, &d); apierrors.IsNotFound(err) {
			continue
		} else if err != nil {
			return fmt.Errorf("reading Deployment %s on cluster %q: %w", key, f.cluster.Name, err)
		}
		account := d.Spec.Template.Spec.ServiceAccountName
		due := next != nil && len(history) > 0 && inputs(next, account, w) != inputs(history[len(history)-1], account, w)
		if !due {
			if due, err = predates(ctx, f.cluster, &d, w, history); err != nil {
				return err
			}
		}
		if due {
			f.restarted("Deployment " + key.String())
		}
	}
	return nil
}

func (f *foreseer) restarted(object string) {
	if !slices.Contains(f.Restarts, object) {
		f.Restarts = append(f.Restarts, object)
	}
}
