package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/warm"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// warming is the list of one stage that pulls what clusters use.
func warming(of Warming) []Stage {
	return []Stage{stage(Definition{Name: "keep-warm", Does: "pulls from ECR what clusters read, each artifact once"}, PullUsed, of.alone)}
}

// Warming is the input of PullUsed: nothing is to be chosen.
type Warming struct{}

// Entry is empty: a wish is not a stage.
func (w Warming) Entry() Entry { return Entry{} }

func (w Warming) alone(*world.World, *state.State) (Warming, error) { return w, nil }

// Warm is what was pulled.
type Warm struct {
	Result warm.Result

	entry Entry
}

// Entry returns how much was pulled, and what ECR does not give.
func (w Warm) Entry() Entry { return w.entry }

// KeepWarm pulls from ECR, once each, what OCIRepositories of the clusters read, so that a lifecycle rule that archives by
// the last pull does not archive what is in use. Only the right to list OCIRepositories is needed, and that to pull: what
// source-controller has.
func KeepWarm(ctx context.Context, o Options) (*report.Report, error) {
	o = o.withDefaults()
	r := newRunner(o, nil)
	err := prepareWarm(ctx, o, r)
	if err == nil {
		r.stages = warming(Warming{})
		_, err = r.run(ctx)
	}
	return r.finish(ctx, err)
}

func prepareWarm(ctx context.Context, o Options, r *runner) error {
	if err := o.Target.Validate(target.NeedRegistry, target.NeedClusters); err != nil {
		return err
	}
	destination, err := o.Target.Destination()
	if err == nil {
		err = warm.Needed(destination)
	}
	if err != nil {
		return err
	}
	r.report.Target.Destination = destination.URL()
	w, err := o.world().WithClusters(ctx)
	if err == nil {
		r.world, err = w.WithECR(ctx, destination, o.AWS)
	}
	return err
}

// KeepWarmManifest returns a CronJob that runs KeepWarm in a cluster.
func KeepWarmManifest(o Options, job warm.CronJob) (string, error) {
	if err := o.Target.Validate(target.NeedRegistry); err != nil {
		return "", err
	}
	var err error
	if job.Destination, err = o.Target.Destination(); err != nil {
		return "", err
	}
	job.Namespace, job.Repository = o.Target.Release.Namespace, o.Target.Registry.Repository
	return job.Manifest()
}

// PullUsed pulls what clusters read from the destination.
func PullUsed(ctx context.Context, w *world.World, _ *state.State, _ Warming) (Warm, error) {
	var done Warm
	used, err := readFromECR(ctx, w)
	if err != nil {
		return done, err
	}
	all := slices.Concat(used...)
	if len(all) == 0 {
		done.entry.Skip = "no OCIRepository reads from " + w.Destination.URL()
		return done, nil
	}
	from, err := w.ECR.Target(ctx)
	if err != nil {
		return done, err
	}
	if done.Result, err = warm.Pull(ctx, from, all); err != nil {
		return done, err
	}
	r := done.Result
	done.entry.Summary = fmt.Sprintf("%s pulled, which %s", report.Counted(r.Artifacts, "artifact"), report.Counted(len(all), "OCIRepository reads", "OCIRepositories read"))
	done.entry.Counts = map[string]int64{"artifacts": int64(r.Artifacts), "bytes": r.Bytes}
	if len(r.Missing) == 0 {
		return done, nil
	}
	first := r.Missing[0]
	return done, fault.New(fault.Failed, "see what it is with `palette-ecr drift --ecr`, and bring it back: `palette-ecr copy`, or `aws ecr update-image-storage-class`",
		"keeping %s warm: it does not give %s, first %s, which %s reads", w.Destination.URL(), report.Counted(len(r.Missing), "artifact"), cmp.Or(first.Digest, first.Tag), first.From)
}

// readFromECR returns what the OCIRepositories of each cluster read from the destination. It asks for nothing else of the
// cluster: no release and no journal.
func readFromECR(ctx context.Context, w *world.World) ([][]copy.Reference, error) {
	used := make([][]copy.Reference, len(w.Clusters()))
	for i, c := range w.Clusters() {
		var err error
		if used[i], err = validate.References(ctx, validate.Cluster{Cluster: c}, validate.Config{Destination: w.Destination}); err != nil {
			return nil, fmt.Errorf("listing what cluster %q reads: %w", c.Name, err)
		}
	}
	return used, nil
}
