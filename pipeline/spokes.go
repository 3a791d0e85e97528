package pipeline

import (
	"context"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/fleet"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// What a dedicated spoke needs before the switch. The chart gives the hub's source-controller its role, and restarts it;
// on a spoke nobody does, and what is found only after the switch is an outage there.

// identityOf returns how source-controller is to get its AWS identity.
func identityOf(w *world.World) fleet.Identity {
	return fleet.Identity{Mode: w.Target.Identity.Mode, Role: w.Target.Identity.RoleARN, Associations: w.Associations()}
}

// checkSpokes refuses a switch for which a spoke is not prepared. Nothing is written. A spoke that may not be looked at is
// left to the probe.
func checkSpokes(ctx context.Context, w *world.World, s *state.State) error {
	if s.Absent() {
		return nil
	}
	if on, err := s.OnECR(w.Destination); err != nil || on {
		return err
	}
	spokes := w.Switching()
	found := make([]fleet.Preparation, len(spokes))
	err := cluster.Each(spokes, func(i int, spoke *cluster.Cluster) error {
		if w.Unreached[spoke.Name] != nil { // preflight says so
			return nil
		}
		p, err := fleet.Inspect(ctx, spoke, identityOf(w))
		if apierrors.IsForbidden(err) {
			w.Progress.Say("%v", err)
			return nil
		}
		found[i] = p
		return err
	})
	if err != nil {
		return err
	}
	return unprepared(spokes, found)
}

// unprepared returns the refusal that names each spoke with something left to do, and what does it by hand.
func unprepared(spokes []*cluster.Cluster, found []fleet.Preparation) error {
	var due, commands []string
	for i, p := range found {
		if p.Due() {
			due, commands = append(due, p.String()), append(commands, p.Commands(spokes[i])...)
		}
	}
	if len(due) == 0 {
		return nil
	}
	return fault.New(fault.Refused, "run it again with --prepare-spokes, or do it by hand: `"+strings.Join(commands, "`; `")+"`",
		"looking at the spokes before the switch: source-controller can't reach ECR there yet: %s", strings.Join(due, "; "))
}

// readySpokes makes spokes ready for the switch, when that is asked for, and proves that each can fetch from ECR, before
// anything is switched: with its role's trust in the spoke's issuer, and its rights.
func readySpokes(ctx context.Context, w *world.World, s *state.State, prepare bool) error {
	if len(w.Spokes) == 0 {
		return nil
	}
	if prepare {
		if err := prepareSpokes(ctx, w); err != nil {
			return err
		}
	}
	if s.Absent() { // nothing was copied that could be fetched
		return nil
	}
	if on, err := s.OnECR(w.Destination); err != nil || on {
		return err
	}
	return probeSpokes(ctx, w, s)
}

// prepareSpokes does what is left to do on each spoke, and waits until source-controller runs with it.
func prepareSpokes(ctx context.Context, w *world.World) error {
	spokes := w.Switching()
	due := make([]fleet.Preparation, len(spokes))
	if err := cluster.Each(spokes, func(i int, spoke *cluster.Cluster) (err error) {
		due[i], err = fleet.Inspect(ctx, spoke, identityOf(w))
		return err
	}); err != nil {
		return err
	}
	if !slices.ContainsFunc(due, fleet.Preparation.Due) {
		return nil
	}
	if err := w.Lock(ctx); err != nil {
		return err
	}
	after := make([]fleet.Preparation, len(spokes))
	err := cluster.Each(spokes, func(i int, spoke *cluster.Cluster) (err error) {
		if due[i].Due() {
			after[i], err = prepare(ctx, w, spoke, due[i])
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range after {
		if p.Due() {
			return fault.New(fault.Refused, "look whether the cluster has EKS's pod identity webhook or agent, which gives new pods their identity",
				"preparing spoke %q: Deployment %s was restarted, and its new pods have no AWS identity either", p.Spoke, p.Deployment)
		}
	}
	return nil
}

// associationRestarts is how often pods are restarted until they get the identity of a new association: EKS calls it
// eventually consistent, after several seconds (API reference, CreatePodIdentityAssociation), and a rollout takes some.
const associationRestarts = 4

// prepare does what is due on one spoke, and returns what is due after that. Where it made an association, pods may still be
// made without it: they are restarted again.
func prepare(ctx context.Context, w *world.World, spoke *cluster.Cluster, due fleet.Preparation) (fleet.Preparation, error) {
	w.Progress.Say("%s", due)
	for restarts := 1; ; restarts++ {
		done, err := fleet.Prepare(ctx, spoke, identityOf(w), w.Now())
		if err != nil {
			return done, err
		}
		namespace, name, _ := strings.Cut(done.Deployment, "/")
		o := deploy.Options{Timeout: w.Timeout, Progress: w.Progress, Now: w.Now}
		if err := deploy.AwaitRollout(ctx, spoke, client.ObjectKey{Namespace: namespace, Name: name}, o); err != nil {
			return done, err
		}
		left, err := fleet.Inspect(ctx, spoke, identityOf(w))
		if err != nil || !left.Restart || !due.Associate || restarts == associationRestarts {
			return left, err
		}
		w.Progress.Say("on %s: the new pods of %s came before their identity: restarting it again", spoke.Name, left.Deployment)
	}
}

// probeSpokes lets each spoke's source-controller fetch something from ECR, under its own identity.
func probeSpokes(ctx context.Context, w *world.World, s *state.State) error {
	all, err := switching(w, s) // the hub's source-controller gets its identity with the switch
	if err != nil {
		return err
	}
	config, err := validation(ctx, w, s)
	if err != nil {
		return err
	}
	if err := w.Lock(ctx); err != nil { // canaries
		return err
	}
	proofs, left := make([]report.Proof, len(all)), make([][]journal.Leftover, len(all))
	err = cluster.Each(all, func(i int, c validate.Cluster) error {
		proofs[i], left[i] = validate.Probe(ctx, c, config)
		return nil
	})
	if e := keepLeftovers(ctx, s, slices.Concat(left...)); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	for _, p := range proofs {
		switch {
		case p.Verdict == report.Broken:
			return fault.New(fault.Refused, p.Remedy, "probing spoke %q before the switch: %s: %s", p.Cluster, p.Summary, p.Cause)
		case p.Verdict == report.Unproven && ctx.Err() == nil:
			w.Progress.Say("whether spoke %s can fetch from ECR is shown after the switch: %s", p.Cluster, p.Cause)
		}
	}
	return ctx.Err()
}
