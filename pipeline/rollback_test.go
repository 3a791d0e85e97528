package pipeline

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestWayBack is the order that nothing is lost in.
func TestWayBack(t *testing.T) {
	var names []string
	for _, s := range WayBack() {
		names = append(names, s.Name)
		assert.NotEmpty(t, s.Does, s.Name)
		assert.NotNil(t, s.run, s.Name)
	}
	assert.Equal(t, []string{"copy-back", "restore", "catch-up", "return"}, names)
}

// TestNoWayBackIsNeeded: each stage of a second rollback, or of one too many, leaves everything alone.
func TestNoWayBackIsNeeded(t *testing.T) {
	s := onZot(t, nil)
	s.hub = nil
	s.journal.Back()
	for _, stage := range WayBack() {
		got, err := stage.run(t.Context(), s)
		require.NoError(t, err, stage.Name)
		assert.NotEmpty(t, got.skip, stage.Name)
	}
}

func TestCopyBack(t *testing.T) {
	s, e := betweenRegistries(t)
	_, err := copyArtifacts(t.Context(), s)
	require.NoError(t, err)

	// The cutover is done, and hue's old registry has lost a tag since: as if it had only ever been pushed to ECR.
	old := s.live.Merged
	host := strings.TrimPrefix(old["hue"].(map[string]any)["ociRegistry"].(map[string]any)["endpoint"].(string), "oci://")
	cart, err := name.ParseReference(host + "/mural-workloads:cart")
	require.NoError(t, err)
	was, err := remote.Head(cart)
	require.NoError(t, err)
	require.NoError(t, remote.Delete(cart))
	s.journal.Begin(s.destination.URL(), "oci://"+host+"/mural-workloads", 1, old)
	s.live.Merged = onRegistry(s.destination.Registry.Endpoint(), true)
	s.report.Proofs = nil
	require.NoError(t, e.Control.Reset(t.Context()))

	got, err := copyBack(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, got.text, "2 tags")
	now, err := remote.Head(cart)
	require.NoError(t, err)
	assert.Equal(t, was.Digest, now.Digest)
	require.Len(t, s.report.Proofs, 1)
	assert.Equal(t, report.ProofClosure, s.report.Proofs[0].Name)
	assert.Equal(t, report.Held, s.report.Proofs[0].Verdict)
	counters, err := e.Control.Counters(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counters.TotalWrites(), "ECR is only read")

	// With Zot turned off it has to wait until Zot is on.
	s.live.Merged = onRegistry(s.destination.Registry.Endpoint(), false)
	got, err = copyBack(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, got.skip, "it follows once Zot is on")
	s.restored, s.live.Merged = true, old
	got, err = catchUp(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, got.text, "2 tags")

	s.live.Merged = onRegistry(s.destination.Registry.Endpoint(), true)
	s.NoCopyBack, s.registry = true, nil
	got, err = copyBack(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, got.skip, "--no-copy-back")
}

// TestCopyBackThatFails tells how to go back all the same.
func TestCopyBackThatFails(t *testing.T) {
	s, _ := betweenRegistries(t)
	_, err := copyArtifacts(t.Context(), s)
	require.NoError(t, err)
	s.journal.Begin(s.destination.URL(), "oci://127.0.0.1:1/mural-workloads", 1, onRegistry("oci://127.0.0.1:1", true))
	s.live.Merged = onRegistry(s.destination.Registry.Endpoint(), true)
	s.hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).Build()
	_, err = copyBack(t.Context(), s)
	require.ErrorContains(t, err, "127.0.0.1:1")
	assert.Contains(t, fault.RemedyOf(err), "--no-copy-back")
}

func TestUndone(t *testing.T) {
	type m = map[string]any
	original := m{"global": "a", "hue": m{"replicas": 1, "ociRegistry": m{"endpoint": "zot", "basicAuth": m{"password": "p"}}}}
	applied := m{"global": "a", "hue": m{"replicas": 1, "ociRegistry": m{"endpoint": "ecr", "basicAuth": nil, "provider": "aws"}}, "zot": m{"enabled": false}}
	copied := func(change func(m)) m {
		live := m{"global": "a", "hue": m{"replicas": 1, "ociRegistry": m{"endpoint": "ecr", "basicAuth": nil, "provider": "aws"}}, "zot": m{"enabled": false}}
		change(live)
		return live
	}
	for name, test := range map[string]struct {
		live, wanted m
		fails        string
	}{
		"nothing changed since":       {live: copied(func(m) {}), wanted: original},
		"other things changed":        {live: copied(func(l m) { l["global"] = "b"; l["hue"].(m)["replicas"] = 3; l["zot"].(m)["size"] = "9Gi" }), wanted: m{"global": "b", "hue": m{"replicas": 3, "ociRegistry": original["hue"].(m)["ociRegistry"]}, "zot": m{"size": "9Gi"}}},
		"the registry changed, too":   {live: copied(func(l m) { l["hue"].(m)["ociRegistry"].(m)["endpoint"] = "other" }), wanted: original},
		"something was taken out":     {live: copied(func(l m) { delete(l, "global") }), wanted: m{"hue": original["hue"]}},
		"Zot was turned on since":     {live: copied(func(l m) { l["zot"] = m{"enabled": true} }), wanted: original},
		"the section is gone":         {live: copied(func(l m) { delete(l, "zot") }), wanted: original},
		"a map has become one string": {live: copied(func(l m) { l["zot"] = "none" }), wanted: original},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := undone(original, applied, test.live, "")
			require.NoError(t, err)
			assert.Equal(t, any(test.wanted), got)
		})
	}

	spokes := func(endpoints ...any) m {
		var list []any
		for _, endpoint := range endpoints {
			list = append(list, m{"name": "hub", "endpoint": endpoint, "size": 1})
		}
		return m{"fleetConfig": m{"spokes": list}}
	}
	live := spokes("ecr", "ecr")
	live["fleetConfig"].(m)["spokes"].([]any)[1].(m)["size"] = 2
	got, err := undone(spokes("zot", "zot"), spokes("ecr", "ecr"), live, "")
	require.NoError(t, err)
	wanted := spokes("zot", "zot")
	wanted["fleetConfig"].(m)["spokes"].([]any)[1].(m)["size"] = 2
	assert.Equal(t, any(wanted), got)
	_, err = undone(spokes("zot"), spokes("ecr"), spokes("ecr", "ecr"), "")
	require.EqualError(t, err, "going back to the values of before: entries of fleetConfig.spokes came or went since the cutover")
	assert.Contains(t, fault.RemedyOf(err), "--discard-changes")
}

// TestValuesBackTurnZotOn, however it was turned off: by disable-zot, by a commit, or not at all.
func TestValuesBackTurnZotOn(t *testing.T) {
	type m = map[string]any
	on := func(zot m) m { return m{"hue": m{"endpoint": "ecr"}, "zot": zot} }
	for name, live := range map[string]m{
		"off":               on(m{"size": "8Gi", "enabled": false}),
		"on":                on(m{"size": "8Gi"}),
		"off, and a change": on(m{"size": "9Gi", "enabled": false}),
	} {
		t.Run(name, func(t *testing.T) {
			s := onZot(t, nil)
			s.journal.Original = m{"hue": m{"endpoint": "zot"}, "zot": m{"size": "8Gi"}}
			s.journal.Applied = on(m{"size": "8Gi"})
			s.live.Values = live
			got, err := s.valuesBack()
			require.NoError(t, err)
			assert.Equal(t, m{"hue": m{"endpoint": "zot"}, "zot": m{"size": live["zot"].(m)["size"]}}, got)
		})
	}
}

// TestToPutBack: a way back that was interrupted goes on; one that somebody has gone by hand is left alone.
func TestToPutBack(t *testing.T) {
	s := onZot(t, nil)
	reason, err := s.toPutBack()
	require.NoError(t, err)
	assert.Empty(t, reason, "its last revision failed")
	s.live.Status = "deployed"
	reason, err = s.toPutBack()
	require.NoError(t, err)
	assert.Contains(t, reason, "names "+zotURL+" again already")
	s.live.Merged = onRegistry("oci://harbor.example.com", false)
	_, err = s.toPutBack()
	require.ErrorContains(t, err, "hue is neither there nor on ECR")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	s.live.Merged = onRegistry(s.destination.Registry.Endpoint(), false)
	reason, err = s.toPutBack()
	require.NoError(t, err)
	assert.Empty(t, reason)
}

func TestCheckRecord(t *testing.T) {
	s := onZot(t, all("hub"))
	require.NoError(t, s.checkRecord())
	s.journal.ManagedBy = "flux"
	err := s.checkRecord()
	require.ErrorContains(t, err, "was made with flux, not with helm")
	assert.Contains(t, fault.RemedyOf(err), "--helm-release")
	s.journal.ManagedBy = "helm"
	s.journal.Prove([]report.Proof{held(report.ProofReady, "berlin")})
	err = s.checkRecord()
	require.ErrorContains(t, err, `cluster "berlin" was part of the cutover`)
	assert.Contains(t, fault.RemedyOf(err), "--spoke name=berlin")
	s.journal.Original = nil
	require.ErrorContains(t, s.checkRecord(), "no cutover of release")
}

func TestParseRepository(t *testing.T) {
	s, _ := atNoon(t, nil)
	got, err := parseRepository(s.destination.URL())
	require.NoError(t, err)
	assert.Equal(t, s.destination, got)
	for _, bad := range []string{"", "mural-workloads", "https://example.com/x", "oci://example.com/UPPER"} {
		_, err := parseRepository(bad)
		assert.Error(t, err, bad)
	}
}
