package pipeline

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/unused"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// proveUnused proves of every cluster that nobody else needs Zot. It only reads.
func proveUnused(ctx context.Context, w *world.World, s *state.State, left []string) ([]report.Proof, error) {
	settings, ok, err := s.Source(w.Destination)
	if err != nil {
		return nil, err
	}
	looked, err := unusedConfig(ctx, w, s, left)
	if err != nil {
		return nil, err
	}
	if ok {
		address, err := settings.Address()
		if err != nil {
			return nil, err
		}
		looked.Copied = []string{address.Name}
		looked.Catalog = func(ctx context.Context) ([]string, error) { return catalog(ctx, w, s, address) }
		if w.Target.Registry.AllRepositories { // the closure is about each of them that is not left
			names, err := catalog(ctx, w, s, address)
			looked.Catalog = func(context.Context) ([]string, error) { return names, err }
			looked.Copied = append(looked.Copied, names...)
		}
	}
	return unused.Prove(ctx, w.Clusters(), looked), nil
}

// stillUnused looks again at what earlier proofs say of clusters. Zot's catalog is left to them: it is behind a way of its own.
func stillUnused(ctx context.Context, w *world.World, s *state.State, known []report.Proof) ([]report.Proof, error) {
	config, err := unusedConfig(ctx, w, s, nil)
	if err != nil {
		return nil, err
	}
	return unused.Again(ctx, w.Clusters(), config, known), nil
}

// unusedConfig is what both are judged by.
func unusedConfig(ctx context.Context, w *world.World, s *state.State, left []string) (unused.Config, error) {
	zot, unseen, err := addresses(ctx, w, s)
	return unused.Config{Zot: zot, Unseen: unseen, Left: left, Release: w.Target.Release.Namespace + "/" + w.Target.Release.Name, Now: w.Now}, err
}

// catalog lists the repositories of Zot, when its configuration shows us all of them.
func catalog(ctx context.Context, w *world.World, s *state.State, address registry.Repository) ([]string, error) {
	settings, _, err := s.Source(w.Destination)
	if err != nil {
		return nil, err
	}
	name, namespace, ok := registry.ServiceOf(address.Registry.Host)
	if !ok {
		return nil, fault.New(fault.Unproven, "look at its repositories by hand, and name those that stay with --leave",
			"listing the repositories of %s: it is not Zot in the hub, so nobody can say that its catalog is whole", address.Registry.Host)
	}
	if err := unused.SeesAll(ctx, w.Hub, client.ObjectKey{Namespace: namespace, Name: name}, settings.BasicAuth.Username); err != nil {
		return nil, err
	}
	opened, err := openSource(ctx, w, settings)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	from, err := copy.OpenSource(opened.Address, opened.Access)
	if err != nil {
		return nil, err
	}
	return copy.Catalog(ctx, from)
}
