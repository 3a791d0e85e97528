package world

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// TestASpokeThatDoesNotAnswerIsUnknown: nothing is known to be wrong with it, so it is unproven; a hub that does not answer
// is a failure.
func TestASpokeThatDoesNotAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	server := func(name string, code int) *cluster.Cluster {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		t.Cleanup(s.Close)
		c, err := cluster.From(name, &rest.Config{Host: s.URL})
		require.NoError(t, err)
		return c
	}
	hub, gone := server("hub", http.StatusOK), server("edge-1", http.StatusBadGateway)
	for name, test := range map[string]struct {
		world World
		code  fault.Code
	}{
		"a spoke":             {World{Hub: hub, Spokes: []*cluster.Cluster{gone}}, fault.Unproven},
		"a spoke, to be told": {World{Hub: hub, Spokes: []*cluster.Cluster{gone}, ReportUnreached: true}, fault.Done},
		"the hub":             {World{Hub: gone}, fault.Failed},
	} {
		unreached, err := test.world.ping(t.Context(), test.world.Clusters())
		assert.Equal(t, test.code, fault.CodeOf(err), name)
		assert.Equal(t, test.world.ReportUnreached, len(unreached) == 1, name)
		if test.code == fault.Unproven {
			require.ErrorContains(t, err, `"edge-1"`)
			assert.Contains(t, fault.RemedyOf(err), "--without-spoke edge-1")
		}
	}
}
