// Package preflight looks at everything that a later stage needs, or would break on, before anything is touched: our
// rights in each cluster, the AWS account, Flux, the release and the source registry. It only reads. Each look has
// rules of a catalogue, as lint has, or feeds rules of lint that need to know what is live. What it may not look at is
// said to be unproven, with the permission that is missing.
package preflight

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Input is what is looked at, and what the run knows already.
type Input struct {
	World  *world.World
	State  *state.State   // nil where it could not be read: only rights are looked at then
	Stages []rights.Stage // that are to run
	File   *values.File   // as the release is to have it
	Values map[string]any // that the release is to have

	Found    []report.Finding // by lint, which has seen nothing live: they are not repeated
	Lost     []deploy.LiveKey // values that only the live release has, unless they are kept or given up
	Disable  []string         // rules of lint that are left out
	KeepCert bool
	Proven   *bool // whether every proof that turning Zot off takes holds; nil where Zot is off already
	Older    bool  // charts may be older than the live ones

	Switches           bool // the run switches clusters to ECR
	PrepareSpokes      bool // the run gives spokes what they lack
	CreateRepositories bool // the run creates the repository
	Recover            bool // a release that is pending is about to be repaired

	// Survey finds out what is to be copied, of each repository. nil: this run copies nothing.
	Survey func(context.Context) ([]copy.Survey, error)
}

// Result is what preflight found.
type Result struct {
	Findings []report.Finding
	Unknown  []string // what could not be looked at, one line each
}

// look is one look of preflight, with a name for people.
type look struct {
	name string
	does func(context.Context, *looker)
}

// looks is the whole of preflight; they run side by side.
func looks() []look {
	return []look{
		{"clusters", lookAtClusters},
		{"rights", lookAtRights},
		{"release", lookAtRelease},
		{"identity", lookAtIdentity},
		{"repository", lookAtRepository},
		{"role", lookAtRole},
		{"flux", lookAtFlux},
		{"spokes", lookAtSpokes},
		{"zot", lookAtZot},
	}
}

// parallel is how many looks, and how many clusters in one of them, are looked at at once.
const parallel = 8

// Look looks at everything.
func Look(ctx context.Context, in Input) (Result, error) {
	all := looks()
	if in.State == nil {
		all = slices.DeleteFunc(all, func(l look) bool { return l.name != "clusters" && l.name != "rights" })
	}
	shared := &facts{objects: sync.OnceValues(in.rendered)}
	lookers := make([]*looker, len(all))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, each := range all {
		lookers[i] = &looker{Input: in, facts: shared}
		group.Go(func() error { each.does(ctx, lookers[i]); return nil })
	}
	_ = group.Wait() // looks have no errors: what they could not see is in them
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	var r Result
	for _, l := range lookers {
		r.Findings = append(r.Findings, l.findings...)
		r.Unknown = append(r.Unknown, l.unseen...)
	}
	if in.State == nil {
		return r, nil
	}
	last := &looker{Input: in, facts: shared}
	last.judgeTime()
	live, err := last.lint()
	r.Findings = slices.Concat(r.Findings, last.findings, live)
	return r, err
}

// liveRules are the rules of lint that need what is live. L12 and L13 judge the role itself (lookAtRole).
var liveRules = []string{"L10", "L16", "L18", "L21", "L25", "L27", "L28"}

// lint judges the values by what is live, and by every further repository that is copied to.
func (l *looker) lint() ([]report.Finding, error) {
	l.facts.live.Proven = l.Proven
	if l.Older {
		l.facts.live.Installed.CRDs = ""
	}
	found, err := l.lintFor(l.World.Destination, l.facts.live, liveRules...)
	if err != nil {
		return nil, err
	}
	for _, further := range l.facts.further {
		more, err := l.lintFor(further.destination, lint.Live{Repository: further.settings}, ruleSettings)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// lintFor runs some rules for a destination.
func (l *looker) lintFor(destination registry.Repository, live lint.Live, rules ...string) ([]report.Finding, error) {
	w := l.World
	others := slices.Clone(l.Disable)
	for _, r := range lint.Catalogue() {
		if !slices.Contains(rules, r.ID) {
			others = append(others, r.ID)
		}
	}
	found, err := lint.Run(lint.Input{
		File: l.File, Target: w.Target, Destination: destination, Chart: w.Chart, KubeVersion: w.Kubernetes, KeepCert: l.KeepCert,
		Live: live, Disable: others,
	})
	return slices.DeleteFunc(found, func(f report.Finding) bool {
		return f.Ignored != "" || slices.ContainsFunc(l.Found, func(known report.Finding) bool {
			return known.Rule == f.Rule && known.Message == f.Message && known.Place == f.Place
		})
	}), err
}
