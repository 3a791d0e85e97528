package pipeline

import (
	"context"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/fleet"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// withFleet returns a World with every cluster of the installation, or refuses: the workloads of a spoke that nobody
// names would be lost when Zot goes. With fromHub, kubeconfigs that were not given are taken from the Secrets that the
// hub has for its spokes.
func withFleet(ctx context.Context, w *world.World, s *state.State, without []string, fromHub bool) (*world.World, error) {
	w, missing, err := named(ctx, w, s, without, fromHub)
	if err != nil {
		return nil, err
	}
	return w, fleet.Unnamed(fault.Usage, fleet.Loses, missing)
}

// named is withFleet for who only reads: spokes that nobody gives a way to are returned, and not refused.
func named(ctx context.Context, w *world.World, s *state.State, without []string, fromHub bool) (*world.World, []fleet.Spoke, error) {
	known, err := knownSpokes(ctx, w, s)
	if err != nil {
		return nil, nil, err
	}
	named := fleet.Named{Hub: w.Hub.Name, Without: without}
	for _, c := range w.Spokes {
		named.Spokes = append(named.Spokes, c.Name)
	}
	if fromHub {
		var more []*cluster.Cluster
		for _, spoke := range fleet.Missing(known, named) {
			c, err := fleet.Connect(ctx, w.Hub, spoke)
			if err != nil {
				return nil, nil, err
			}
			more, named.Spokes = append(more, c), append(named.Spokes, c.Name)
		}
		if w, err = w.WithSpokes(ctx, more...); err != nil {
			return nil, nil, err
		}
	}
	return w, fleet.Missing(known, named), fleet.CheckNames(known, named)
}

// knownSpokes returns the spokes of the live values, and those of FleetConfig's objects on the hub.
func knownSpokes(ctx context.Context, w *world.World, s *state.State) ([]fleet.Spoke, error) {
	live, err := mural.Read(s.Live.Merged)
	if err != nil {
		return nil, err
	}
	onHub, err := fleet.OfHub(ctx, w.Hub)
	return fleet.Merge(fleet.OfValues(live, w.Target.Release.Namespace), onHub), err
}

// othersThan returns the spokes that a rollback of these alone leaves out. The rollback itself must have ended: until
// then nobody's workloads are at Zot for good.
func othersThan(ctx context.Context, w *world.World, s *state.State, only []string) ([]string, error) {
	if s.Journal.Open {
		return nil, fault.New(fault.Usage, "run `palette-ecr rollback` first, with --leave-spoke for those that can't be reached",
			"going back on %s alone: the release itself is not back on Zot", strings.Join(only, ", "))
	}
	known, err := knownSpokes(ctx, w, s)
	if err != nil {
		return nil, err
	}
	if err := fleet.CheckNames(known, fleet.Named{Spokes: only}); err != nil {
		return nil, err
	}
	var others []string
	for _, spoke := range known {
		if !spoke.IsHub && !slices.Contains(only, spoke.Name) {
			others = append(others, spoke.Name)
		}
	}
	return others, nil
}

// atSource returns the hub and every spoke, with the address at which each reads from the source.
func atSource(w *world.World, s *state.State) ([]validate.Cluster, error) {
	sources, err := s.Sources(w)
	if err != nil {
		return nil, err
	}
	var all []validate.Cluster
	for _, c := range w.Clusters() {
		all = append(all, validate.Cluster{Cluster: c, Source: sources[c.Name]})
	}
	return all, nil
}

// validation returns what proofs about clusters are judged by. It asks the hub for every address of Zot.
func validation(ctx context.Context, w *world.World, s *state.State) (validate.Config, error) {
	c := validate.Config{
		Destination: w.Destination, Namespace: w.Target.Release.Namespace, Hub: w.Hub, Identity: w.Target.Identity.RoleARN,
		KeepCert: w.KeepCert, SwitchedAt: s.Journal.SwitchedAt, Copied: s.Journal.Copied,
		Timeout: w.Timeout, PushWait: w.PushWait, Progress: w.Progress, Now: w.Now,
		Accepted: func(cluster, namespace, name string) bool {
			return w.Before.Broken(cluster)("OCIRepository", namespace, name)
		},
	}
	if w.ECR != nil {
		c.Images, c.Archived = w.ECR.Images, w.ECR.Archived
	}
	var err error
	c.Zot, _, err = addresses(ctx, w, s) // what can't be seen is for the proof unused to report
	return c, err
}

// addresses returns every address of Zot, and why one may be missing.
func addresses(ctx context.Context, w *world.World, s *state.State) (known registry.Spellings, unseen []string, err error) {
	sources, err := s.Sources(w)
	if err != nil {
		return known, nil, err
	}
	var urls []string
	for _, at := range w.Clusters() {
		urls = append(urls, sources[at.Name])
	}
	known, unseen = fleet.Addresses(ctx, w.Hub, urls...)
	return known, unseen, nil
}

// sweep deletes canaries that an earlier run could not delete.
func sweep(ctx context.Context, w *world.World, s *state.State) error {
	if len(s.Journal.Leftovers) == 0 {
		return nil
	}
	if err := w.Lock(ctx); err != nil {
		return err
	}
	remaining := s.Journal.Leftovers
	for _, c := range w.Clusters() {
		var err error
		if remaining, err = validate.Sweep(ctx, validate.Cluster{Cluster: c}, remaining); err != nil {
			w.Progress.Say("%v", err)
		}
	}
	s.Journal.Leftovers = remaining
	return s.Journal.Save(ctx)
}

// clusterNames returns the names of the hub and of every spoke.
func clusterNames(w *world.World) []string {
	var names []string
	for _, c := range w.Clusters() {
		names = append(names, c.Name)
	}
	return names
}
