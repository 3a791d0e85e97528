package pipeline

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
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
		proofs = append(proofs, held(report.ProofReady, c), held(report.ProofPull, c))
	}
	return proofs
}

// atNoon is a session whose journal holds proofs, with a hub and spokes.
func atNoon(t *testing.T, proofs []report.Proof, spokes ...string) (*session, client.Client) {
	t.Helper()
	s := newSession(Options{Now: func() time.Time { return noon }})
	at, err := registry.Parse("oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
	require.NoError(t, err)
	s.destination, err = at.Repository("mural-workloads")
	require.NoError(t, err)
	s.hub = &cluster.Cluster{Name: "hub"}
	for _, name := range spokes {
		s.spokes = append(s.spokes, &cluster.Cluster{Name: name})
	}
	c := fake.NewClientBuilder().WithScheme(cluster.NewScheme()).Build()
	s.journal, err = journal.Load(t.Context(), c, "mural-system")
	require.NoError(t, err)
	s.journal.Begin(s.destination.URL(), zotURL, 1, nil)
	s.journal.Prove(proofs)
	return s, c
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
		"no push":                          {journal: without(report.ProofPush), refuses: `"push"`},
		"expired closure":                  {journal: stale(report.ProofClosure), refuses: `"closure"`},
		"expired push of this run":         {report: stale(report.ProofPush), refuses: `"push"`},
		"a spoke of which nothing is said": {journal: all("hub"), spokes: []string{"spoke-1"}, refuses: `"ready" of cluster "spoke-1"`},
		"unproven": {
			journal: without(report.ProofPush), report: []report.Proof{{Name: report.ProofPush, Verdict: report.Unproven, ExpiresAt: noon.Add(time.Hour)}}, refuses: `"push"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := atNoon(t, test.journal, test.spokes...)
			s.report.Proofs = append(s.report.Proofs, test.report...)
			err := s.mayDisable()
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
	s, _ := atNoon(t, all("hub"))
	other, err := s.destination.Registry.Repository("other")
	require.NoError(t, err)
	s.destination = other
	assert.Equal(t, fault.Refused, fault.CodeOf(s.mayDisable()))
}

func TestGate(t *testing.T) {
	require.NoError(t, gate(held(report.ProofPull, "hub")))

	p := report.Proof{Name: report.ProofPull, Cluster: "spoke-1", Verdict: report.Broken, Cause: "The role may not.", Remedy: "Allow it."}
	err := gate(p)
	require.EqualError(t, err, "proving pull on spoke-1: The role may not.")
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	assert.Equal(t, "Allow it.", fault.RemedyOf(err))
	assert.Equal(t, fault.Refused, fault.CodeOf(refuse(p)), "before anything is touched, what failed is a refusal")
	assert.Equal(t, "Allow it.", fault.RemedyOf(refuse(p)))
	require.NoError(t, refuse(held(report.ProofRendered, "")))

	err = gate(report.Proof{Name: report.ProofPush, Verdict: report.Unproven, Cause: "No push was seen.", Remedy: "Wait."})
	require.EqualError(t, err, "proving push: unproven: No push was seen.")
	assert.Equal(t, fault.Unproven, fault.CodeOf(err))

	assert.Error(t, gate(report.Proof{Name: report.ProofPush}), "a proof without a verdict holds nothing")
}

func TestWorst(t *testing.T) {
	unproven := func(cause string) report.Proof {
		return report.Proof{Name: "push", Verdict: report.Unproven, Cause: cause}
	}
	broken := func(cause string) report.Proof {
		return report.Proof{Name: "pull", Verdict: report.Broken, Cause: cause}
	}
	require.NoError(t, worst(nil))
	require.NoError(t, worst(all("hub")))
	require.EqualError(t, worst([]report.Proof{held("ready", "hub"), unproven("a"), unproven("b")}), "proving push: unproven: a")
	require.EqualError(t, worst([]report.Proof{unproven("a"), broken("b"), broken("c")}), "proving pull: b")
	require.Error(t, worst([]report.Proof{held("ready", "hub"), {Name: "pull"}}), "a proof without a verdict holds nothing")
}

func TestComplete(t *testing.T) {
	s, _ := atNoon(t, nil, "spoke-1")
	pull, push := report.ProofPull, report.ProofPush
	assert.True(t, complete([]report.Proof{held(pull, "hub"), held(pull, "spoke-1"), held(push, "hub")}, s))
	assert.False(t, complete([]report.Proof{held(pull, "hub"), held(push, "hub")}, s), "of spoke-1 nothing is known")
	assert.False(t, complete([]report.Proof{held(pull, "hub"), held(pull, "spoke-1")}, s), "nothing is known of pushing")
	assert.False(t, complete(nil, s))
}

func TestPick(t *testing.T) {
	proofs := all("hub")
	assert.Equal(t, []report.Proof{held(report.ProofPush, "hub"), held(report.ProofPull, "hub")}, pick(proofs, report.ProofPull, report.ProofPush))
	assert.Len(t, proofs, 5, "the list is left as it was")
	assert.Equal(t, all("hub"), proofs)
	assert.Empty(t, pick(proofs, "other"))
}

func TestExpiry(t *testing.T) {
	early := held(report.ProofPull, "hub")
	early.ExpiresAt = noon.Add(time.Minute)
	assert.Equal(t, early.ExpiresAt, expiry([]report.Proof{held("a", ""), early, held("b", "")}))
}
