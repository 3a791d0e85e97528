package pipeline

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// held is a proof that counts from five to noon until one hour later.
func held(name, on string) report.Proof {
	return report.Proof{Name: name, Cluster: on, Verdict: report.Held, ObservedAt: noon.Add(-5 * time.Minute), ExpiresAt: noon.Add(55 * time.Minute)}
}

// all are the proofs that turning Zot off takes, with these clusters.
func all(clusters ...string) []report.Proof {
	proofs := []report.Proof{held(report.ProofRendered, ""), held(report.ProofClosure, ""), held(report.ProofPush, "hub")}
	for _, c := range clusters {
		proofs = append(proofs, held(report.ProofReady, c), held(report.ProofPull, c), held(report.ProofUnused, c))
	}
	return proofs
}

// installation is a world and a state for a stage to run in.
type installation struct {
	*world.World
	*state.State
	client client.WithWatch // of the hub
	given  Given
}

// source is the URL of the source.
func (i *installation) source(t *testing.T) string {
	t.Helper()
	url, err := i.SourceURL(i.Destination)
	require.NoError(t, err)
	return url
}

// atNoon is an installation whose journal holds proofs, with a hub and spokes.
func atNoon(t *testing.T, proofs []report.Proof, spokes ...string) *installation {
	t.Helper()
	o := Options{Now: func() time.Time { return noon }}.withDefaults()
	w := o.world()
	at, err := registry.Parse("oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
	require.NoError(t, err)
	w.Destination, err = at.Repository("mural-workloads")
	require.NoError(t, err)
	w.Hub = &cluster.Cluster{Name: "hub"}
	for _, name := range spokes {
		w.Spokes = append(w.Spokes, &cluster.Cluster{Name: name})
	}
	c := fake.NewClientBuilder().WithScheme(cluster.NewScheme()).Build()
	j, err := journal.Load(t.Context(), c, "mural-system")
	require.NoError(t, err)
	j.Begin(w.Destination.URL(), zotURL, 1, nil)
	j.Prove(proofs)
	return &installation{World: &w, State: state.New(nil, j, nil), client: c}
}

const zotURL = "oci://zot.mural-system.svc.cluster.local:5000/mural-workloads"

func TestMayDisable(t *testing.T) {
	without := func(name string) (rest []report.Proof) {
		for _, p := range all("hub") {
			if p.Name != name {
				rest = append(rest, p)
			}
		}
		return rest
	}
	stale := func(name string) (changed []report.Proof) {
		for _, p := range all("hub") {
			if p.Name == name {
				p.ExpiresAt = noon
			}
			changed = append(changed, p)
		}
		return changed
	}
	for name, test := range map[string]struct {
		journal, report []report.Proof
		spokes          []string
		refuses         string // "" lets it pass
	}{
		"all, of earlier runs":             {journal: all("hub")},
		"all, of this run":                 {report: all("hub")},
		"some of each":                     {journal: without(report.ProofClosure), report: []report.Proof{held(report.ProofClosure, "")}},
		"spokes too":                       {journal: all("hub", "spoke-1", "spoke-2"), spokes: []string{"spoke-1", "spoke-2"}},
		"nothing":                          {refuses: `"rendered"`},
		"no rendered":                      {journal: without(report.ProofRendered), refuses: `"rendered"`},
		"no closure":                       {journal: without(report.ProofClosure), refuses: `"closure"`},
		"no ready":                         {journal: without(report.ProofReady), refuses: `"ready" of cluster "hub"`},
		"no pull":                          {journal: without(report.ProofPull), refuses: `"pull" of cluster "hub"`},
		"no unused":                        {journal: without(report.ProofUnused), refuses: `"unused" of cluster "hub"`},
		"no push":                          {journal: without(report.ProofPush), refuses: `"push"`},
		"expired closure":                  {journal: stale(report.ProofClosure), refuses: `"closure"`},
		"expired push of this run":         {report: stale(report.ProofPush), refuses: `"push"`},
		"a spoke of which nothing is said": {journal: all("hub"), spokes: []string{"spoke-1"}, refuses: `"ready" of cluster "spoke-1"`},
		"unproven": {
			journal: without(report.ProofPush), report: []report.Proof{{Name: report.ProofPush, Verdict: report.Unproven, ExpiresAt: noon.Add(time.Hour)}}, refuses: `"push"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := atNoon(t, test.journal, test.spokes...)
			err := mayDisableZot(i.World, i.State, test.report)
			if test.refuses == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, "disabling Zot: the proof "+test.refuses+" is missing or has expired")
			assert.Equal(t, fault.Refused, fault.CodeOf(err))
			assert.Contains(t, fault.RemedyOf(err), "`palette-ecr validate`")
		})
	}
}

// TestMayDisableOnlyForThisDestination: what was proven of another repository says nothing.
func TestMayDisableOnlyForThisDestination(t *testing.T) {
	i := atNoon(t, all("hub"))
	other, err := i.Destination.Registry.Repository("other")
	require.NoError(t, err)
	i.Destination = other
	assert.Equal(t, fault.Refused, fault.CodeOf(mayDisableZot(i.World, i.State, nil)))
}

func TestCovers(t *testing.T) {
	clusters := atNoon(t, nil, "spoke-1").Clusters()
	pull, push := report.ProofPull, report.ProofPush
	assert.True(t, covers(proof.NewLedger(held(pull, "hub"), held(pull, "spoke-1"), held(push, "hub")), clusters))
	assert.False(t, covers(proof.NewLedger(held(pull, "hub"), held(push, "hub")), clusters), "of spoke-1 nothing is known")
	assert.False(t, covers(proof.NewLedger(held(pull, "hub"), held(pull, "spoke-1")), clusters), "nothing is known of pushing")
	assert.False(t, covers(proof.NewLedger(), clusters))
}

// TestNothingToUndo: who changed nothing undoes nothing, a run that another one's Lease refused among them.
func TestNothingToUndo(t *testing.T) {
	t.Parallel()
	i := atNoon(t, nil)
	changed := &deploy.Result{Changed: true, PreviousRevision: 2}
	for name, test := range map[string]struct {
		done Disabled
		says string
	}{
		"refused":            {Disabled{}, "this run has not turned Zot off"},
		"off already":        {Disabled{Result: &deploy.Result{PreviousRevision: 2}}, "this run has not turned Zot off"},
		"undone with deploy": {Disabled{Result: changed, Validation: Validation{Deployment: Deployment{Result: changed}}}, "undoing deploy turns Zot on as well"},
	} {
		entry, err := UndoDisableZot(t.Context(), i.World, i.State, test.done)
		require.NoError(t, err, name)
		assert.Equal(t, test.says, entry.Skip, name)
	}
	for name, done := range map[string]Deployment{"refused": {}, "the same already": {Result: &deploy.Result{PreviousRevision: 2}}} {
		entry, err := UndoDeploy(t.Context(), i.World, i.State, done)
		require.NoError(t, err, name)
		assert.Equal(t, "this run has not changed the release", entry.Skip, name)
	}
}
