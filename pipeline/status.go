package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/release"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/fleet"
	"github.com/palette-ecr/palette-ecr/pipeline/lease"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Status reports where an installation stands and what to do next. It only reads, and needs neither AWS nor the values
// file. A spoke that doesn't answer is unknown, which is no success.
func Status(ctx context.Context, o Options) (*report.Report, error) {
	o = o.withDefaults()
	r := newRunner(o, nil)
	w, s, missing, err := look(ctx, o, r)
	if err == nil {
		r.report.Status, err = status(ctx, w, s)
	}
	if err == nil {
		r.report.Before, r.report.Now = nil, standing(ctx, w, s)
		r.report.Proofs = append(r.report.Proofs, slices.Concat(counting(s, w.Now()), s.Journal.Revoked)...)
		if err = unnamed(r.report.Now, missing); err == nil {
			err = unseen(w, r.report.Now)
		}
	}
	err = ended(ctx, unseenFailure(err))
	r.report.End(r.now(), err)
	return r.report, err
}

// unseenFailure is the error of a command that only reads: where it failed, something could not be looked at, and nothing
// is known to be wrong.
func unseenFailure(err error) error {
	if fault.CodeOf(err) != fault.Failed {
		return err
	}
	return &fault.Error{Err: err, Remedy: fault.RemedyOf(err), Code: fault.Unproven}
}

// look connects to the clusters of an installation for a command that only reads, and finds out where its destination
// is when nobody says: in the journal, or in the live values. It returns the spokes that nobody gives a way to: nothing is
// seen of them.
func look(ctx context.Context, o Options, r *runner) (*world.World, *state.State, []fleet.Spoke, error) {
	if err := o.Target.Validate(target.NeedRelease, target.NeedClusters); err != nil {
		return nil, nil, nil, err
	}
	begun := o.world()
	begun.ReportUnreached = true
	w, err := begun.WithClusters(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	s, err := state.Read(ctx, w)
	if err != nil {
		return nil, nil, nil, err
	}
	r.report.Hide(s.Secrets()...)
	w, missing, err := named(ctx, w, s, o.WithoutSpokes, o.SpokesFromValues)
	if err != nil {
		return nil, nil, nil, err
	}
	if o.Target.Registry.Endpoint != "" {
		w.Destination, err = o.Target.Destination()
	} else {
		w.Destination, err = destinationOf(s)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	r.report.Target.Destination = ""
	if w.Destination.Name != "" {
		r.report.Target.Destination = w.Destination.URL()
	}
	r.world, r.state = w, s
	return w, s, missing, nil
}

// unnamed notes the spokes that nobody gives a way to, and is the error for them.
func unnamed(now *report.Standing, missing []fleet.Spoke) error {
	for _, spoke := range missing {
		now.Pulls = append(now.Pulls, report.Pull{Cluster: spoke.Name, From: report.UnknownRegistry})
	}
	return fleet.Unnamed(fault.Unproven, "nothing is said of it", missing)
}

// unseen is the error for clusters that could not be looked at.
func unseen(w *world.World, now *report.Standing) error {
	for i, p := range now.Pulls {
		if p.From == report.UnknownRegistry {
			return fault.New(fault.Unproven, toList(w.Clusters()[i]),
				"looking at cluster %q: where its workloads pull from could not be seen", p.Cluster)
		}
	}
	return nil
}

// toList is what to try when a cluster does not say which OCIRepositories it has.
func toList(c *cluster.Cluster) string {
	return fmt.Sprintf("check that the cluster answers, and that you may list OCIRepositories in all namespaces: `%s`", c.Kubectl("get ocirepositories --all-namespaces"))
}

func status(ctx context.Context, w *world.World, s *state.State) (*report.Status, error) {
	out := &report.Status{Release: report.Installed{
		Name: w.Target.Release.Namespace + "/" + w.Target.Release.Name, Revision: s.Live.Revision, Status: s.Live.Status, Version: s.Live.Version, ManagedBy: string(s.Managed.By),
	}}
	if j := s.Journal; j.Exists() {
		out.Journal = &report.JournalNote{
			Run: j.Last.Run, By: j.Last.By, Command: j.Last.Command, Stage: j.Last.Stage, At: j.Last.At,
			SwitchedAt: j.SwitchedAt, ZotOffAt: j.ZotOffAt, Revision: j.PreviousRevision,
		}
	}
	holder, err := lease.Read(ctx, w.Hub.Client, w.Target.Release.Namespace)
	if err != nil {
		return nil, err
	}
	if err := where(w, s, out); err != nil {
		return nil, err
	}
	if holder != nil {
		out.Holder = holder.String()
		if holder.Dead(w.Now()) {
			out.Holder += ", which is dead: the next run takes over"
		} else {
			out.Next = "somebody is at work on it: wait until that run has ended"
		}
	}
	return out, nil
}

// namesOf names proofs, those of several clusters once.
func namesOf(needs []proof.Need) string {
	var all []string
	for _, n := range needs {
		all = addOnce(all, n.Name)
	}
	return strings.Join(all, ", ")
}

// counting returns the proofs of the journal as they count now. One that has expired proves nothing; once Zot is off
// nothing asks for it either.
func counting(s *state.State, now time.Time) []report.Proof {
	on, err := s.ZotOn()
	var all []report.Proof
	for _, p := range s.Journal.Proofs {
		until := p.ExpiresAt.UTC().Format(moment)
		switch {
		case p.Verdict != report.Held:
		case p.ExpiresAt.After(now):
			p.Summary += "; counts until " + until
		case err == nil && !on:
			continue
		default:
			p.Verdict, p.Cause, p.Remedy = report.Unproven, "It expired at "+until+".", "`palette-ecr validate` makes it again."
		}
		all = append(all, p)
	}
	return all
}

// where says how far the cutover is, and what comes next.
func where(w *world.World, s *state.State, out *report.Status) error {
	live, err := mural.Read(s.Live.Merged)
	if err != nil {
		return err
	}
	on := false
	if w.Destination.Name != "" {
		if on, err = s.OnECR(w.Destination); err != nil {
			return err
		}
	}
	j := s.Journal
	lacking := proof.NewLedger(j.Fresh(w.Now(), w.Destination.URL())...).Missing(w.Now(), proof.Needs(clusterNames(w)...)...)
	switch {
	case !on && j.Open && len(j.Waves) > 0:
		out.Cutover, out.Next = wavesSoFar(j), "`palette-ecr run --wave NAME` for the next wave, `palette-ecr run` for hue at last; `palette-ecr rollback` goes back. Until then `palette-ecr copy` brings what hue pushes to Zot"
	case !on && j.Open && !j.SwitchedAt.IsZero():
		at, err := s.SourceURL(w.Destination)
		if err != nil {
			return err
		}
		if at == j.Destination {
			out.Cutover = "it went to " + at + ", and not to " + w.Destination.URL() + ", which is given here"
			out.Next = "give the endpoint and the repository that it went to; `palette-ecr rollback` goes back to Zot"
			break
		}
		out.Cutover = "it is half rolled back: hue was on ECR and is on " + at + " again, and nobody has seen yet that every workload is"
		out.Next = "`palette-ecr rollback` goes on with it, and leaves a spoke that is gone behind with --leave-spoke NAME; `palette-ecr run` goes to ECR again"
	case !on && j.Open:
		out.Cutover, out.Next = "it has begun, and hue is not on ECR yet", "`palette-ecr run` goes on where it stopped; `palette-ecr rollback` goes back"
	case !on && j.Exists():
		out.Cutover, out.Next = "it was rolled back", "`palette-ecr plan` shows what another cutover would change"
	case !on:
		out.Cutover, out.Next = "it has not begun", "`palette-ecr preflight`, then `palette-ecr plan`, then `palette-ecr run`"
	case live.Zot && len(j.Revoked) > 0:
		p := j.Revoked[0]
		out.Cutover = fmt.Sprintf("hue is on ECR, Zot still runs, and the proof %s on %s held before and was revoked at %s", p.Name, cmp.Or(p.Cluster, w.Hub.Name), p.ObservedAt.UTC().Format("2006-01-02 15:04 MST"))
		out.Next = "mend what it says, then `palette-ecr validate`; `palette-ecr rollback` goes back"
	case live.Zot && len(lacking) > 0:
		out.Cutover = fmt.Sprintf("hue is on ECR, Zot still runs, and %s: %s", report.Counted(len(lacking), "proof is missing", "proofs are missing"), namesOf(lacking))
		out.Next = "`palette-ecr validate` makes them; `palette-ecr rollback` goes back"
	case live.Zot:
		out.Cutover, out.Next = "hue is on ECR, every proof holds, and Zot still runs", "`palette-ecr disable-zot` turns Zot off; `palette-ecr rollback` goes back"
	case j.Exists():
		out.Cutover, out.Next = "it is complete, and can be rolled back", "`palette-ecr drift` from time to time; `palette-ecr finish` once nobody wants to go back"
	default:
		out.Cutover, out.Next = "it is complete and finished", "`palette-ecr drift` from time to time"
	}
	switch status := release.Status(s.Live.Status); {
	case status.IsPending():
		out.Next = fmt.Sprintf("the release is %s: wait if somebody's helm is at work on it; if not, `palette-ecr run --recover` goes on and `palette-ecr rollback` goes back: both repair it", status)
	case status != release.StatusDeployed && status != release.StatusSuperseded && status != "":
		out.Next = fmt.Sprintf("the release is %s: see why with `%s`, then go on with `palette-ecr run` or back with `palette-ecr rollback`",
			s.Live.Status, w.Hub.Helm("history %s --namespace %s", w.Target.Release.Name, w.Target.Release.Namespace))
	}
	if !on { // a spoke that was left on ECR is where it should be
		out.Cutover += leftBehind(j.Behind)
	}
	return nil
}
