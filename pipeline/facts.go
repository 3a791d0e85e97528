package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/own"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// inputs returns the facts that a plan rests on beside the release: what the person gives, which clusters these are,
// and what their workloads ask for.
func inputs(ctx context.Context, w *world.World, s *state.State, given Given) ([]plan.Fact, error) {
	values := given.File.Merged()
	if !given.AsIs { // as they end up, so that a file into which the settings are written is the same
		final, err := given.edit(w, s, true)
		if err != nil {
			return nil, err
		}
		values = final.Wanted.Merged()
	}
	sealed, err := plan.Seal(values, w.Target.Release.Namespace+"/"+w.Target.Release.Name+" "+w.Destination.URL())
	if err != nil {
		return nil, fmt.Errorf("sealing the values: %w", err)
	}
	release := w.Target.Release
	facts := []plan.Fact{
		{Kind: plan.Input, Name: "values", Seen: sealed},
		{Kind: plan.Input, Name: "flags", Seen: given.flags()},
		{Kind: plan.Input, Name: "target", Seen: plan.Sum([]any{w.Target.Registry, w.Target.Identity, release.ManagedBy, release.Namespace, release.Name})},
	}
	zot, _, err := addresses(ctx, w, s)
	if err != nil {
		return nil, err
	}
	for _, c := range w.Clusters() {
		more, err := clusterFacts(ctx, c, w.Destination.URL(), zot)
		if err != nil {
			return nil, err
		}
		facts = append(facts, more...)
	}
	return facts, nil
}

// flags names what the person decided.
func (g Given) flags() string {
	var set []string
	for flag, on := range map[string]bool{"--as-is": g.AsIs, "--keep-cert": g.KeepCert, "--keep-live": g.KeepLive, "--discard-live": g.DiscardLive, "--allow-downgrade": g.AllowDowngrade} {
		if on {
			set = append(set, flag)
		}
	}
	for _, left := range g.Leave {
		set = append(set, "--leave "+left)
	}
	if len(set) == 0 {
		return "none"
	}
	slices.Sort(set)
	return strings.Join(set, ", ")
}

// clusterFacts notes which cluster this is, and what its workloads ask for.
func clusterFacts(ctx context.Context, c *cluster.Cluster, destination string, zot registry.Spellings) ([]plan.Fact, error) {
	var facts []plan.Fact
	system := &metav1.PartialObjectMetadata{}
	system.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	switch err := c.Client.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, system); {
	case err == nil:
		facts = append(facts, plan.Fact{Kind: plan.Input, Name: "cluster " + c.Name, Seen: string(system.UID)})
	case !apierrors.IsForbidden(err) && !apierrors.IsNotFound(err):
		return nil, fmt.Errorf("reading namespace %s of cluster %q: %w", metav1.NamespaceSystem, c.Name, err)
	}
	var list sourcev1.OCIRepositoryList
	if err := c.Client.List(ctx, &list); err != nil {
		return nil, fault.New(fault.Failed, "use a kubeconfig that may list OCIRepositories in all namespaces", "listing the OCIRepositories of cluster %q: %w", c.Name, err)
	}
	for _, r := range list.Items {
		if own.Is(&r) || r.Spec.URL != destination && !zot.Names(r.Spec.URL) {
			continue
		}
		spec := r.Spec
		spec.Reference = nil // hue writes it with each push
		facts = append(facts, plan.Fact{Kind: plan.Workload, Name: fmt.Sprintf("%s/%s on %s", r.Namespace, r.Name, c.Name), Seen: plan.Sum(spec)})
	}
	return facts, nil
}
