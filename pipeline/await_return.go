package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Returned is an installation that reads from the source again.
type Returned struct{ entry Entry }

// Entry returns where workloads read from.
func (r Returned) Entry() Entry { return r.entry }

// AwaitReturn waits until every workload reads from the source again, and notes that. Once the release is back, it waits
// for those spokes alone that a rollback has left behind.
func AwaitReturn(ctx context.Context, w *world.World, s *state.State, _ CaughtUp) (Returned, error) {
	awaited := s.Journal.Open
	if !awaited && len(s.Journal.Behind) == 0 {
		return Returned{Entry{Skip: notOnECR}}, nil
	}
	names := clusterNames(w)
	if !awaited {
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(s.Journal.Behind, name) })
		if len(names) == 0 {
			return Returned{Entry{Skip: notOnECR + leftBehind(s.Journal.Behind)}}, nil
		}
	}
	err := awaitReturned(ctx, w, s, names...)
	if err == nil && awaited {
		err = notWorse(ctx, w, w.Baseline)
	}
	if err != nil {
		return Returned{}, err
	}
	if awaited {
		w.Progress.Say("where Git or a pipeline applies your values, revert them there too: the next upgrade would go to ECR again")
	}
	return Returned{Entry{Summary: "every workload reads from Zot, on " + strings.Join(names, ", ") + leftBehind(s.Journal.Behind), Changed: true}}, nil
}

// leastReturn is how long a rollback may take at least, however short --timeout is.
const leastReturn = 5 * time.Minute

// leftBehind says which spokes are still to come.
func leftBehind(spokes []string) string {
	var all []string
	for _, name := range spokes {
		all = append(all, fmt.Sprintf("%[1]s was left behind: `palette-ecr rollback --only-spoke %[1]s`", name))
	}
	if len(all) == 0 {
		return ""
	}
	return "; " + strings.Join(all, "; ")
}

// awaitReturned waits for these clusters, and notes that they are back.
func awaitReturned(ctx context.Context, w *world.World, s *state.State, names ...string) error {
	if err := awaitFromSource(ctx, w, s, names...); err != nil {
		return err
	}
	if err := sweep(ctx, w, s); err != nil { // a canary on a spoke that was gone reads from ECR still
		return err
	}
	switch {
	case s.Journal.Open && len(names) < len(w.Clusters()) && len(s.Journal.Waves) > 0: // waves stay
	case s.Journal.Open:
		s.Journal.Back(absent(w, s.Journal)...)
	default:
		s.Journal.Returned(names...)
	}
	return s.Journal.Save(ctx)
}

// awaitFromSource waits until the workloads of these clusters read from the source.
func awaitFromSource(ctx context.Context, w *world.World, s *state.State, names ...string) error {
	all, err := atSource(w, s)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(c validate.Cluster) bool { return !slices.Contains(names, c.Name) })
	config, err := validation(ctx, w, s)
	if err != nil {
		return err
	}
	config.Absence = config.Timeout
	config.Timeout = max(config.Timeout, leastReturn) // what failed may have failed for want of time
	if err := w.Lock(ctx); err != nil {               // requests to reconcile
		return err
	}
	for _, p := range validate.AllReturned(ctx, all, config) {
		if p.Verdict != report.Held {
			code, remedy := fault.Failed, p.Remedy
			if p.Verdict == report.Unproven {
				code = fault.Unproven
				if p.Cluster != w.Hub.Name {
					remedy += fmt.Sprintf(" Or leave it behind: `palette-ecr rollback --leave-spoke %s`.", p.Cluster)
				}
			}
			return fault.New(code, remedy, "waiting on %s until workloads read from the source again: %s", p.Cluster, p.Cause)
		}
	}
	return nil
}

// absent lists the clusters that took part in the cutover and that this run was not given.
func absent(w *world.World, j *journal.Journal) []string {
	named := clusterNames(w)
	var missing []string
	for name := range j.Sources {
		if !slices.Contains(named, name) {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return missing
}
