package pipeline

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// withSpokes gives a live release on Zot dedicated spokes, each with its own address of Zot.
func (i *installation) withSpokes(addresses map[string]string) {
	spokes := []any{}
	for name, endpoint := range addresses {
		spokes = append(spokes, map[string]any{
			"name": name, "kubeconfig": map[string]any{"secretReference": map[string]any{"name": name}},
			"ociRegistry": map[string]any{"endpoint": endpoint, "repository": "mural-workloads"},
		})
	}
	i.Live.Merged["fleetConfig"] = map[string]any{"spokes": spokes}
}

// TestTheWholeFleetIsNamed: the workloads of a spoke that nobody names would be lost when Zot goes.
func TestTheWholeFleetIsNamed(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	s.Hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).Build()
	s.withSpokes(map[string]string{"edge-1": "oci://10.0.0.7:30500"})

	check := func(without ...string) error {
		_, err := withFleet(t.Context(), s.World, s.State, without, false)
		return err
	}
	err := check()
	require.ErrorContains(t, err, "edge-1")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "--spoke name=edge-1,kubeconfig=")
	assert.Contains(t, fault.RemedyOf(err), "--without-spoke edge-1")

	require.NoError(t, check("edge-1"), "it is left out knowingly")
	s.Spokes = []*cluster.Cluster{{Name: "edge-1"}}
	require.NoError(t, check())
	s.Spokes = append(s.Spokes, &cluster.Cluster{Name: "typo"})
	require.ErrorContains(t, check(), `no spoke is called "typo"`)
}

// TestEachClusterHasItsOwnSource before the switch, and by the journal after it.
func TestEachClusterHasItsOwnSource(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	s.withSpokes(map[string]string{"edge-1": "oci://10.0.0.7:30500"})
	s.Spokes = []*cluster.Cluster{{Name: "edge-1"}, {Name: "edge-2"}}
	want := map[string]string{"hub": zotURL, "edge-1": "oci://10.0.0.7:30500/mural-workloads", "edge-2": zotURL}
	sources, err := s.Sources(s.World)
	require.NoError(t, err)
	assert.Equal(t, want, sources)

	s.Journal.Sources = sources
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), true)
	sources, err = s.Sources(s.World)
	require.NoError(t, err)
	assert.Equal(t, want, sources, "the live values don't know it any more")
}
