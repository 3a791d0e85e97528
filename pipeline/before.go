package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/palette-ecr/palette-ecr/pipeline/baseline"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// withBaseline returns a World that knows what was broken before the cutover: as the journal of a cutover that has begun
// says, or as it is now. accept are the values of --accept-broken. Once the release is on ECR without a journal, made by
// Git for example, nobody knows what was before: then every proof counts.
func withBaseline(ctx context.Context, w *world.World, s *state.State, accept []string) (*world.World, error) {
	known, names := s.Journal.Baseline, accept
	if s.Journal.Open && known != nil {
		names = joinNames(s.Journal.Accepted, accept)
	} else {
		on, err := s.OnECR(w.Destination)
		if err != nil || on || s.Journal.Open {
			return w, err
		}
		taken, err := steadyBaseline(ctx, w)
		if err != nil {
			return w, err
		}
		known = &taken
	}
	concerns, err := concerned(ctx, w, s)
	if err != nil {
		return w, err
	}
	with := *w
	with.Baseline = *known
	if with.Before, err = known.Accept(names, concerns); err != nil {
		return w, err
	}
	return &with, nil
}

// withBaselineOfReturn is withBaseline for the rollback, which nothing that is broken may stop: what was broken before
// the cutover, what somebody has suspended since, and what is accepted by name.
func withBaselineOfReturn(ctx context.Context, w *world.World, s *state.State, accept []string) (*world.World, error) {
	now, err := takeBaseline(ctx, w)
	if err != nil {
		return w, err
	}
	before := baseline.Snapshot{}
	if s.Journal.Baseline != nil {
		before = *s.Journal.Baseline
	}
	with := *w
	with.Baseline = baseline.Join(now, before)
	with.Baseline.Looked = now.Looked // the same objects at two times
	judged, err := with.Baseline.Accept(accept, func(string) bool { return true })
	with.Before = baseline.Judged{Tolerated: baseline.Join(before, now.Suspended()).Broken, Accepted: judged.Accepted}
	return &with, err
}

// concerned returns what reports whether a URL is one of the registries that a cutover is about.
func concerned(ctx context.Context, w *world.World, s *state.State) (func(string) bool, error) {
	zot, _, err := addresses(ctx, w, s)
	return func(url string) bool { return url == w.Destination.URL() || zot.Names(url) }, err
}

// settling is for how long something that is under way may become well before it counts as broken.
const settling = 20 * time.Second

// steadyBaseline looks again while something is under way: hue may be pushing, and source-controller fetching. What
// never rests, since somebody always pushes, counts only where it was broken all the time.
func steadyBaseline(ctx context.Context, w *world.World) (baseline.Snapshot, error) {
	first, err := takeBaseline(ctx, w)
	if err != nil || !first.Passing() {
		return first, err
	}
	last := first
	err = wait.PollUntilContextTimeout(ctx, 2*time.Second, min(settling, w.Timeout), false, func(ctx context.Context) (bool, error) {
		now, err := takeBaseline(ctx, w)
		if err == nil {
			last = now
		}
		return err == nil && !now.Passing(), err
	})
	if wait.Interrupted(err) && ctx.Err() == nil {
		err = nil
		last.Broken = slices.DeleteFunc(last.Broken, func(i baseline.Item) bool { return !first.Has(i) })
	}
	return last, err
}

// takeBaseline looks at every cluster, side by side.
func takeBaseline(ctx context.Context, w *world.World) (baseline.Snapshot, error) {
	all := make([]baseline.Snapshot, len(w.Clusters()))
	err := cluster.Each(w.Clusters(), func(i int, c *cluster.Cluster) (err error) {
		all[i], err = baseline.Take(ctx, c, w.Target.Release.Namespace, w.Now())
		return err
	})
	return baseline.Join(all...), err
}

// notWorse waits until nothing is broken that was not before: nobody may pay for a cutover, or for a rollback.
func notWorse(ctx context.Context, w *world.World, before baseline.Snapshot) error {
	if before.TakenAt.IsZero() {
		return nil
	}
	var worse []baseline.Item
	err := wait.PollUntilContextTimeout(ctx, 2*time.Second, max(w.Timeout, settling), true, func(ctx context.Context) (bool, error) {
		now, err := takeBaseline(ctx, w)
		worse = baseline.Worse(before, now)
		return len(worse) == 0, err
	})
	if !wait.Interrupted(err) || ctx.Err() != nil {
		return err
	}
	texts := make([]string, len(worse))
	for i, item := range worse {
		texts[i] = fmt.Sprintf("%s (%s)", item, item.Cause)
	}
	return fault.New(fault.Failed, "look at what it says; it was well before this run", "comparing with what was before: broken since then: %s", strings.Join(texts, "; "))
}

// noteBaseline keeps it for later runs, and for the rollback.
func noteBaseline(w *world.World, s *state.State) {
	if w.Baseline.TakenAt.IsZero() {
		return
	}
	s.Journal.Baseline = &w.Baseline
	s.Journal.Accepted = nil
	for _, item := range w.Before.Accepted {
		s.Journal.Accepted = append(s.Journal.Accepted, item.String())
	}
}

func joinNames(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// reportBaseline puts into the report what was broken before.
func (r *runner) reportBaseline(w *world.World) {
	s := w.Baseline
	if s.TakenAt.IsZero() {
		return
	}
	b := &report.Baseline{TakenAt: s.TakenAt, Sound: s.Looked - len(s.Broken)}
	for _, item := range s.Broken {
		accepted := w.Before.Broken(item.Cluster)(item.Kind, item.Namespace, item.Name)
		b.Broken = append(b.Broken, report.Broke{Cluster: item.Cluster, Object: fmt.Sprintf("%s %s/%s", item.Kind, item.Namespace, item.Name), Seen: item.Cause, Accepted: accepted})
	}
	for _, item := range w.Before.Accepted {
		r.report.Waivers = append(r.report.Waivers, report.Waiver{Flag: "--accept-broken", Name: item.String(), Effect: "nothing is proven of it"})
	}
	for _, unseen := range s.Unseen {
		r.progress.Say("what was broken before is not fully known: it takes the right to %s", unseen)
	}
	r.report.Baseline = b
}
