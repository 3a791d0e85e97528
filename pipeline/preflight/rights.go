package preflight

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/unused"
)

const ruleRights = "P01"

func rightsRules() []report.Rule {
	return []report.Rule{{
		ID: ruleRights, Severity: report.Error,
		Title:  "The kubeconfig's user lacks rights that the stages need",
		Why:    "A right that is missing shows when it is used: after the copy, or after the release was switched, when a proof can't be made and everything goes back. Every verb on every resource that the chosen stages need is asked for beforehand, on the hub and on each spoke.",
		Source: "https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access (SelfSubjectAccessReview)",
		Fix:    "apply the Role that the finding has, or use another user; palette-ecr policies --kubernetes prints the whole",
	}}
}

// lookAtRights asks every cluster which rights we have.
func lookAtRights(ctx context.Context, l *looker) {
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, c := range l.reached() {
		group.Go(func() error { l.rightsOn(ctx, c, i == 0); return nil })
	}
	_ = group.Wait() // what a cluster did not answer is a finding
}

func (l *looker) rightsOn(ctx context.Context, c *cluster.Cluster, hub bool) {
	place := report.Place{Cluster: c.Name}
	o := l.rightsOptions()
	kinds, err := unused.Kinds(c, unused.Groups)
	if err != nil {
		l.cannot(ruleRights, place, "the kinds that cluster "+c.Name+" has", "get on the API's discovery (system:discovery)", err)
	}
	for _, k := range kinds {
		o.Searched = append(o.Searched, k.Resource)
	}
	wanted := rights.Spoke(o)
	if hub {
		if wanted, err = l.hubRights(c, o); err != nil {
			l.cannot(ruleRights, place, "what the chart makes", "", err)
		}
	}
	result := rights.Check(ctx, c, wanted)
	if n := len(result.Missing); n > 0 {
		l.find(ruleRights, report.Error, place,
			"ask whoever administers the cluster to apply this, or use another user:\n"+rights.YAML("palette-ecr", rights.User(ctx, c), result.Missing),
			"%s on cluster %q: %s", report.Counted(n, "right is missing", "rights are missing"), c.Name, strings.Join(rights.Texts(result.Missing), "; "))
	}
	if n := len(result.Unknown); n > 0 {
		l.cannot(ruleRights, place, report.Counted(n, "right", "rights")+" on cluster "+c.Name, "create selfsubjectaccessreviews.authorization.k8s.io", result.Err)
	}
}

// rightsOptions say what the run does where.
func (l *looker) rightsOptions() rights.Options {
	r := l.World.Target.Release
	o := rights.Options{
		Namespace: r.Namespace, Flux: r.ManagedBy == target.Flux, Stages: l.Stages,
		Prepare: l.PrepareSpokes, InCluster: l.World.InCluster != nil,
	}
	if l.State == nil {
		return o
	}
	o.Storage, o.Install = l.State.Managed.Storage, l.State.Absent()
	if h := l.State.Managed.Release; h != nil {
		o.FluxNamespace = h.GetNamespace()
	}
	if o.Install {
		return o
	}
	if settings, ok, err := l.State.Source(l.World.Destination); err == nil && ok {
		if at, err := settings.Address(); err == nil {
			_, o.SourceIn, _ = registry.ServiceOf(at.Registry.Host)
		}
	}
	return o
}

// hubRights are those for the stages and, with Helm, for the objects of the charts.
func (l *looker) hubRights(c *cluster.Cluster, o rights.Options) ([]rights.Right, error) {
	all := rights.Hub(o)
	by := rights.ChartsBy(o)
	if o.Flux || l.World.Chart == nil || by == "" {
		return all, nil
	}
	r := l.World.Target.Release
	manifests, err := l.facts.objects()
	if err != nil {
		return all, errors.New("the chart can't be rendered") // the error may quote values; lint has said why
	}
	all = append(all, rights.Objects(manifests, r.Namespace, c.Client.RESTMapper(), by)...)
	if r.CRDs.Version != "" || r.CRDs.Chart != "" && !strings.HasPrefix(r.CRDs.Chart, "oci://") {
		all = append(all, rights.CRDs(by)...)
	}
	return all, nil
}
