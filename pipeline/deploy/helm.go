package deploy

import (
	"context"
	"fmt"
	"reflect"

	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// maxHistory is how many revisions Helm keeps; it is the helm command's own default.
const maxHistory = 10

// helm is the Helm SDK with one cluster and namespace, which changes releases.
type helm struct {
	records
	renew func() (*helm, error) // the same, with nothing remembered of the cluster; nil in tests
}

func newHelm(c *cluster.Cluster, o Options) (*helm, error) {
	chart.Quiet()
	config := &action.Configuration{}
	if err := config.Init(c.Getter(o.Release.Namespace), o.Storage, o.Driver, func(string, ...any) {}); err != nil {
		return nil, fmt.Errorf("preparing Helm for cluster %q: %w", c.Name, err)
	}
	config.Releases.Driver = lasting{config.Releases.Driver}
	if whole, ok := config.KubeClient.(*kube.Client); ok {
		config.KubeClient = &selective{Client: whole, waits: waits{accepted: o.Accepted}}
	}
	return &helm{
		records: records{config: config, cluster: c, namespace: o.Release.Namespace, options: o},
		renew:   func() (*helm, error) { return newHelm(c, o) },
	}, nil
}

// change is what apply did to one release.
type change struct {
	name     string
	changed  bool
	reason   string // why it was left alone
	version  string // of the chart
	revision int
	previous int
}

func (c change) phrase() string {
	if c.changed {
		return fmt.Sprintf("%s is now version %s, revision %d", c.name, c.version, c.revision)
	}
	return c.reason
}

// apply brings one release to a chart and values.
func (h *helm) apply(ctx context.Context, name string, c *helmchart.Chart, values map[string]any) (change, error) {
	done := change{name: name, version: c.Metadata.Version}
	values, err := chart.Normal(values)
	if err != nil {
		return done, err
	}
	last, err := h.last(name)
	if err != nil {
		return done, err
	}
	if last == nil {
		return h.install(ctx, done, c, values)
	}
	done.revision = last.Version
	if done.previous, err = h.goodBefore(name, last.Version); err != nil {
		return done, err
	}
	if same(last, c, values) {
		done.reason = fmt.Sprintf("%s is version %s with these values already, revision %d", name, c.Metadata.Version, last.Version)
		return done, nil
	}
	if last.Info.Status == release.StatusDeployed {
		done.previous = last.Version
	}
	return h.upgrade(ctx, done, last, c, values)
}

// same reports whether a release is as wanted: this chart with exactly these values, and deployed well.
func same(last *release.Release, c *helmchart.Chart, values map[string]any) bool {
	config, err := chart.Normal(last.Config)
	return err == nil && last.Info.Status == release.StatusDeployed &&
		last.Chart != nil && last.Chart.Metadata != nil &&
		last.Chart.Metadata.Name == c.Metadata.Name && last.Chart.Metadata.Version == c.Metadata.Version &&
		reflect.DeepEqual(templates(last.Chart), templates(c)) && reflect.DeepEqual(config, values)
}

// templates tell a chart in development from another one with the same version.
func templates(c *helmchart.Chart) map[string]string {
	all := make(map[string]string, len(c.Templates))
	for _, t := range c.Templates {
		all[t.Name] = string(t.Data)
	}
	return all
}

func (h *helm) upgrade(ctx context.Context, done change, last *release.Release, c *helmchart.Chart, values map[string]any) (change, error) {
	if err := h.options.Lock(ctx); err != nil {
		return done, err
	}
	h.options.Progress.Say("upgrading release %s to version %s", done.name, done.version)
	upgrade := action.NewUpgrade(h.config)
	upgrade.Namespace = h.namespace
	upgrade.ResetValues = true // what is not in the values must not come back from the last release
	upgrade.Wait = true
	upgrade.Timeout = h.options.Timeout
	upgrade.MaxHistory = maxHistory
	upgraded, err := upgrade.RunWithContext(ctx, done.name, c, values)
	if upgraded != nil {
		done.revision, done.changed = upgraded.Version, true
	}
	if err != nil {
		err = masked(err, last.Config, values)
		h.settle(done.name, last.Version, err)
		return done, h.failed("upgrading", done, err)
	}
	return done, nil
}

func (h *helm) install(ctx context.Context, done change, c *helmchart.Chart, values map[string]any) (change, error) {
	if err := h.options.Lock(ctx); err != nil {
		return done, err
	}
	h.options.Progress.Say("installing release %s version %s", done.name, done.version)
	install := action.NewInstall(h.config)
	install.ReleaseName = done.name
	install.Namespace = h.namespace
	install.CreateNamespace = true
	install.Wait = true
	install.Timeout = h.options.Timeout
	installed, err := install.RunWithContext(ctx, c, values)
	if installed != nil {
		done.revision, done.changed = installed.Version, true
	}
	if err != nil {
		err = masked(err, values)
		h.settle(done.name, 0, err)
		return done, h.failed("installing", done, err)
	}
	return done, nil
}

func (h *helm) failed(doing string, done change, err error) error {
	remedy := "correct what the message says and run again: nothing was changed"
	if done.changed && done.previous > 0 {
		remedy = fmt.Sprintf("correct what the message says and run again, or go back with `%s`", h.cluster.Helm("rollback %s %d --namespace %s", done.name, done.previous, h.namespace))
	} else if done.changed {
		remedy = "correct what the message says and run again"
	}
	return fault.New(fault.Failed, remedy, "%s release %s/%s on cluster %q to version %s: %w", doing, h.namespace, done.name, h.cluster.Name, done.version, err)
}
