package preflight

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/fleet"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

const ruleSpoke = "P20"

func spokeRules() []report.Rule {
	return []report.Rule{{
		ID: ruleSpoke, Severity: report.Error,
		Title:  "A spoke's source-controller has no AWS identity yet",
		Why:    "The chart gives the hub's source-controller its role, and restarts it. On a spoke of its own nobody does: what is found only after the switch is an outage there.",
		Source: "the guide, \"Configure AWS authentication\"; https://docs.aws.amazon.com/eks/latest/userguide/pod-configuration.html (only new pods get it)",
		Fix:    "give --prepare-spokes, or do by hand what the finding says",
	}}
}

// lookAtSpokes finds out what each spoke needs before the switch.
func lookAtSpokes(ctx context.Context, l *looker) {
	w := l.World
	on, err := l.State.OnECR(w.Destination)
	if err != nil || on || l.PrepareSpokes || !l.Switches {
		return
	}
	identity := fleet.Identity{Mode: w.Target.Identity.Mode, Role: w.Target.Identity.RoleARN, Associations: w.Associations()}
	var group errgroup.Group
	group.SetLimit(parallel)
	for _, spoke := range w.Reached().Switching() {
		group.Go(func() error { l.spoke(ctx, spoke, identity); return nil })
	}
	_ = group.Wait() // what can't be seen is a finding
}

func (l *looker) spoke(ctx context.Context, spoke *cluster.Cluster, identity fleet.Identity) {
	place := report.Place{Cluster: spoke.Name}
	p, err := fleet.Inspect(ctx, spoke, identity)
	switch {
	case fault.CodeOf(err) == fault.Refused: // P12 and P13 say it
	case err != nil:
		right := "get serviceaccounts and list pods in the namespace of source-controller"
		if spoke.EKS != nil && identity.Mode == target.PodIdentity {
			right = "list pods in the namespace of source-controller, " + readAssociations(spoke.EKS)
		}
		l.cannot(ruleSpoke, place, "whether spoke "+spoke.Name+" is prepared", right, err)
	case p.Due():
		l.find(ruleSpoke, report.Error, place, "run it again with --prepare-spokes, or do it by hand: `"+strings.Join(p.Commands(spoke), "`; `")+"`", "%s", p)
	}
}
