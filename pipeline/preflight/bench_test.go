package preflight

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// BenchmarkLook looks at a hub and two spokes, and at AWS. What it costs on a network is its requests.
func BenchmarkLook(b *testing.B) {
	s := newScene(b)
	s.input.World = &world.World{}
	in, e := s.prepare(b)
	clusters := []*apiServer{s.hub, s.one, s.two}
	for _, a := range clusters {
		a.requests = nil
	}
	require.NoError(b, e.Control.Reset(b.Context()))
	for b.Loop() {
		_, err := Look(b.Context(), in)
		require.NoError(b, err)
	}
	asked := 0
	for _, a := range clusters {
		asked += len(a.requests)
	}
	counters, err := e.Control.Counters(b.Context())
	require.NoError(b, err)
	toAWS := 0
	for _, n := range counters.Reads {
		toAWS += n
	}
	b.ReportMetric(float64(asked)/float64(b.N), "requests-to-clusters/op")
	b.ReportMetric(float64(toAWS)/float64(b.N), "requests-to-AWS/op")
}
