package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// pairs returns what is copied: the repository of the workloads and, when the target says so, every other one that Zot
// has and that is not left by name.
func (e *endpoints) pairs(ctx context.Context, w *world.World, s *state.State, given Given, open opener) ([]copy.Pair, error) {
	left, artifacts := copy.SplitLeft(given.Leave)
	path := e.source.Repository.Reference.Repository
	main := copy.Pair{Source: *e.source, Destination: e.destination, References: e.options.References, Left: artifacts[path]}
	if !w.Target.Registry.AllRepositories {
		return []copy.Pair{main}, e.checkLeft(ctx, left)
	}
	catalog, err := copy.Catalog(ctx, *e.source)
	if err != nil {
		return nil, err
	}
	mapped, err := copy.Map(catalog, path, w.Destination, w.Target.Registry.Repositories, left)
	if err != nil {
		return nil, err
	}
	used, err := usedByRepository(ctx, w, s)
	if err != nil {
		return nil, err
	}
	var all []copy.Pair
	for _, m := range mapped {
		if m.Source == path && m.Destination.Name == w.Destination.Name {
			all = append(all, main)
			continue
		}
		further, err := w.WithECR(ctx, m.Destination, w.AWS)
		if err != nil {
			return nil, err
		}
		to, err := open(ctx, further.ECR)
		if err != nil {
			return nil, fmt.Errorf("preparing to copy repository %q of Zot: %w", m.Source, err)
		}
		all = append(all, copy.Pair{Source: e.source.At(m.Source), Destination: to, References: used[m.Source], Left: artifacts[m.Source]})
	}
	return all, nil
}

// checkLeft refuses repositories to be left that the source does not have, where one alone is copied. A catalog that can't be
// read leaves the proof unused open, and stops nothing here.
func (e *endpoints) checkLeft(ctx context.Context, left []string) error {
	if len(left) == 0 {
		return nil
	}
	catalog, err := copy.Catalog(ctx, *e.source)
	if err != nil {
		return nil //nolint:nilerr // said above
	}
	return copy.CheckLeftThere(catalog, e.source.Repository.Reference.Repository, left)
}

// opener opens a repository in ECR, to be copied to.
type opener func(context.Context, *ecr.Client) (copy.Destination, error)

// existing opens a repository that must be there.
func existing(ctx context.Context, c *ecr.Client) (copy.Destination, error) {
	to, err := copy.ToECR(ctx, c)
	var missing *ecr.Error
	if errors.As(err, &missing) && missing.Cause == ecr.Missing {
		err = fault.New(fault.CodeOf(err), fault.RemedyOf(err)+"; or let palette-ecr make what is missing: --create-repository", "%w", err)
	}
	return to, err
}

// opening returns how copy opens repositories: with --create-repository those that ECR lacks are made.
func opening(w *world.World, given Given) (opener, error) {
	if !given.CreateRepositories {
		return existing, nil
	}
	settings, err := creation(w.Target.Registry.Create)
	return func(ctx context.Context, c *ecr.Client) (copy.Destination, error) {
		if err := createMissing(ctx, w, c, settings); err != nil {
			return copy.Destination{}, err
		}
		return copy.ToECR(ctx, c)
	}, err
}

// createMissing makes a repository in ECR unless it is there.
func createMissing(ctx context.Context, w *world.World, c *ecr.Client, settings ecr.Settings) error {
	info, err := c.Describe(ctx)
	if err != nil || info.Exists {
		return err
	}
	if err := w.Lock(ctx); err != nil {
		return err
	}
	w.Progress.Say("creating repository %s", c.Repository.Name)
	return c.Create(ctx, settings)
}

// creation reads what the target says of new repositories.
func creation(c target.Creation) (ecr.Settings, error) {
	s := ecr.Settings{Mutability: c.TagMutability, KMSKey: c.KMSKey, ScanOnPush: c.ScanOnPush, Tags: c.Tags}
	if c.LifecyclePolicy == "" {
		return s, nil
	}
	text, err := os.ReadFile(c.LifecyclePolicy)
	if err == nil && !json.Valid(text) {
		err = fmt.Errorf("it is not JSON")
	}
	if err != nil {
		return s, fault.New(fault.Usage, "correct registry.create.lifecyclePolicy", "reading the lifecycle policy %q: %w", c.LifecyclePolicy, err)
	}
	s.Lifecycle = string(text)
	return s, nil
}

// usedByRepository returns what clusters use of each repository of Zot, by its path.
func usedByRepository(ctx context.Context, w *world.World, s *state.State) (map[string][]copy.Reference, error) {
	used, err := usedBy(ctx, w, s, validate.ReferencesByRepository)
	all := map[string][]copy.Reference{}
	for _, each := range used {
		for path, references := range each {
			all[path] = append(all[path], references...)
		}
	}
	return all, err
}

// usedBy asks every cluster, side by side, what it uses. One that does not say is unproven, which nothing is undone for.
func usedBy[U any](ctx context.Context, w *world.World, s *state.State, ask func(context.Context, validate.Cluster, validate.Config) (U, error)) ([]U, error) {
	clusters, err := atSource(w, s)
	if err != nil {
		return nil, err
	}
	config, err := validation(ctx, w, s)
	if err != nil {
		return nil, err
	}
	used := make([]U, len(clusters))
	return used, cluster.Each(clusters, func(i int, c validate.Cluster) (err error) {
		ctx, cancel := context.WithTimeout(ctx, cmp.Or(w.Timeout, time.Minute)) // one that freezes would be asked again for ever
		defer cancel()
		if used[i], err = ask(ctx, c, config); err != nil {
			remedy := toList(c.Cluster)
			if known, ok := errors.AsType[*fault.Error](err); ok {
				remedy = cmp.Or(known.Remedy, remedy)
			}
			return &cluster.Failure{Cluster: c.Name, Err: fault.New(fault.Unproven, remedy, "listing what cluster %q uses: %w", c.Name, err)}
		}
		return nil
	})
}
