package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// wave is the ordered list of one wave: its spokes read from ECR at its end, and hue writes to Zot as before.
func wave(given Given) list {
	return list{
		stage(rendering.doing("writes the registry settings of the wave's spokes into the values"), Render, given.alone),
		stage(linting.doing("checks the values that everything is to have at last, and that only this wave is switched"), LintWave, given.rendered),
		stage(lookingAhead, PreflightWave, given.linted),
		stage(planning, Plan, given.preflighted),
		stage(copying, Copy, given.planned),
		undoneBy(stage(deploying.doing("upgrades mural with the wave's spokes on ECR"), DeployWave, given.copied), UndoWave),
		stage(validating.doing("proves that the wave's spokes read from ECR, what hue pushed meanwhile too"), ValidateWave, given.deployed),
	}
}

// switchedWith returns the spokes that a run's wave, and those before it, have on ECR; nil is everything.
func switchedWith(w *world.World, s *state.State) []string {
	if w.Wave == nil {
		return nil
	}
	all := slices.Clone(w.Wave.Spokes)
	if s != nil && s.Journal != nil && s.Journal.Open {
		for _, before := range s.Journal.Waves {
			all = append(all, before.Spokes...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// switching returns the spokes that a run switches, with the address at which each reads from the source.
func switching(w *world.World, s *state.State) ([]validate.Cluster, error) {
	all, err := atSource(w, s)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(c validate.Cluster) bool {
		return !slices.ContainsFunc(w.Switching(), func(spoke *cluster.Cluster) bool { return spoke == c.Cluster })
	}), nil
}

// beforeThisRun returns the clusters that read from the source before this run: waves that were proven stay on ECR.
func beforeThisRun(w *world.World, s *state.State) []string {
	return slices.DeleteFunc(clusterNames(w), s.Journal.InWave)
}

// whole returns the run's wishes as if there were no waves: what everything is to have at last.
func whole(w *world.World, s *state.State, in Rendered) (*world.World, Rendered, error) {
	all := *w
	all.Wave = nil
	r, err := rendered(&all, s, in.Given)
	return &all, r, err
}

// LintWave checks what the release is to have at last, since no rule is about a fleet that is half on its way; of the
// wave's own values, that its spokes are on ECR, and hue and the spokes of later waves are where they were.
func LintWave(ctx context.Context, w *world.World, s *state.State, in Rendered) (Linted, error) {
	all, atLast, err := whole(w, s, in)
	if err != nil {
		return Linted{}, err
	}
	done, err := Lint(ctx, all, s, atLast)
	done.Rendered = in
	if err == nil {
		err = onlyThisWave(w, s, in)
	}
	return done, err
}

// onlyThisWave refuses values with which another cluster than those of the wave would be switched, or none.
func onlyThisWave(w *world.World, s *state.State, in Rendered) error {
	v, err := mural.Read(in.Values)
	if err != nil {
		return err
	}
	wanted := switchedWith(w, s)
	refuse := func(who, why string) error {
		return fault.New(fault.Refused, "look at fleetConfig.spokes in the values: each spoke of a wave needs an entry of its own, with its name", "checking wave %q: %s %s", w.Wave.Name, who, why)
	}
	if at, err := v.Hue.Address(); err == nil && at.URL() == w.Destination.URL() {
		return refuse("hue", "would push to ECR already")
	}
	var seen []string
	for _, spoke := range v.Spokes {
		at, err := spoke.Registry.Address()
		on, is := slices.Contains(wanted, spoke.Name), err == nil && at.URL() == w.Destination.URL()
		switch {
		case on && (!is || spoke.Registry.HasCredentials()):
			return refuse("spoke "+spoke.Name, "would not read from ECR, or with a password")
		case !on && is:
			return refuse("spoke "+spoke.Name, "would read from ECR, and is not in it")
		case on:
			seen = append(seen, spoke.Name)
		}
	}
	for _, name := range wanted {
		if !slices.Contains(seen, name) {
			return refuse("spoke "+name, "has no entry")
		}
	}
	return nil
}

// PreflightWave looks at what the whole cutover will need.
func PreflightWave(ctx context.Context, w *world.World, s *state.State, in Linted) (Preflighted, error) {
	_, atLast, err := whole(w, s, in.Rendered)
	if err != nil {
		return Preflighted{}, err
	}
	done, err := Preflight(ctx, w, s, Linted{Rendered: atLast, Findings: in.Findings})
	done.Linted = in
	return done, err
}

// DeployWave gives the release the values with which the wave's spokes read from ECR.
func DeployWave(ctx context.Context, w *world.World, s *state.State, in Copied) (Deployment, error) {
	done := Deployment{Copied: in}
	wanted := in.Planned.Linted.Rendered
	if err := wanted.refuseLoss(w, s); err != nil {
		return done, err
	}
	if err := readySpokes(ctx, w, s, wanted.Given.PrepareSpokes); err != nil {
		return done, err
	}
	if err := beginJournal(ctx, w, s, wanted, in.Planned.Document); err != nil {
		return done, err
	}
	if !s.Journal.WaveProven(w.Wave.Name) {
		s.Journal.NoteWave(journal.Wave{Name: w.Wave.Name, Spokes: w.Wave.Spokes})
		if err := s.Journal.Save(ctx); err != nil {
			return done, err
		}
	}
	var err error
	done.Result, err = apply(ctx, w, s, wanted)
	done.entry.Changed = true
	switch {
	case err != nil:
		return done, err
	case !done.Result.Changed:
		done.entry.Skip = done.Result.Reason
	default:
		done.entry.Summary = deployed(w.Target.Release.Name, done.Result) + "; on ECR: " + strings.Join(switchedWith(w, s), ", ")
	}
	return done, nil
}

// ValidateWave brings what hue has pushed to Zot meanwhile, then proves that the wave's spokes read from ECR.
func ValidateWave(ctx context.Context, w *world.World, s *state.State, in Deployment) (Validation, error) {
	done := Validation{Deployment: in, Proofs: in.proofs()}
	caughtUp, err := Copy(ctx, w, s, in.Copied.Planned)
	if err != nil {
		return done, err
	}
	done.prove(caughtUp.Closure)
	all, err := switching(w, s)
	if err != nil {
		return done, err
	}
	if err := w.Lock(ctx); err != nil { // canaries, and requests to reconcile
		return done, err
	}
	proofs, err := proveReads(ctx, w, s, all)
	if err != nil {
		return done, err
	}
	done.prove(proofs...)
	err = proof.Worst(proofs)
	if err == nil && in.Result != nil && in.Result.Changed {
		err = notWorse(ctx, w, w.Baseline)
	}
	if err != nil {
		return done, err
	}
	s.Journal.Prove(done.Proofs)
	if !s.Journal.WaveProven(w.Wave.Name) {
		s.Journal.NoteWave(journal.Wave{Name: w.Wave.Name, Spokes: w.Wave.Spokes, ProvenAt: w.Now()})
	}
	done.entry.Changed = true
	done.entry.Summary = fmt.Sprintf("%d proofs hold: %s from ECR; hue still writes to Zot", len(done.Proofs), report.Counted(len(all), "spoke reads", "spokes read"))
	return done, s.Journal.Save(ctx)
}

// UndoWave puts the wave's spokes back to Zot. Those of waves before it stay.
func UndoWave(ctx context.Context, w *world.World, s *state.State, done Deployment) (Entry, error) {
	if done.Result == nil || !done.Result.Changed {
		return Entry{Skip: "this run has not changed the release"}, nil
	}
	w.Progress.Stage("wave " + w.Wave.Name + " back to Zot")
	o := deployOptions(w, s)
	o.Chart, o.HelmRelease = nil, done.values().Given.File.Data()
	if err := deploy.Undo(ctx, w.Hub, o, done.Result.PreviousRevision); err != nil {
		return Entry{}, err
	}
	if err := awaitFromSource(ctx, w, s, w.Wave.Spokes...); err != nil {
		return Entry{}, err
	}
	s.Journal.DropWave(w.Wave.Name)
	if len(s.Journal.Waves) == 0 {
		s.Journal.Back()
	}
	if err := s.Journal.Save(ctx); err != nil {
		return Entry{}, err
	}
	return Entry{Summary: fmt.Sprintf("%s of wave %s read from Zot again, at the values of revision %d", strings.Join(w.Wave.Spokes, ", "), w.Wave.Name, done.Result.PreviousRevision)}, nil
}

// wavesFirst refuses to switch hue before every wave of the target is proven.
func wavesFirst(w *world.World, s *state.State) error {
	if w.Wave != nil || s.Absent() {
		return nil
	}
	if on, err := s.OnECR(w.Destination); err != nil || on {
		return err
	}
	for _, wave := range w.Target.Waves {
		if !s.Journal.WaveProven(wave.Name) {
			return fault.New(fault.Refused, "run `palette-ecr run --wave "+wave.Name+"` first, or take waves out of the file", "switching hue: the spokes of wave %q are not on ECR and proven yet", wave.Name)
		}
	}
	return nil
}

// wavesSoFar says which spokes are on ECR while hue is not.
func wavesSoFar(j *journal.Journal) string {
	var all []string
	for _, w := range j.Waves {
		text := "wave " + w.Name + " (" + strings.Join(w.Spokes, ", ") + ")"
		if w.ProvenAt.IsZero() {
			text += ", not proven"
		}
		all = append(all, text)
	}
	return "hue writes to Zot, and these read from ECR: " + strings.Join(all, "; ")
}
