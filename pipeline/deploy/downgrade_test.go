package deploy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// TestAHelmReleaseOfAnOlderChartIsRefused: spec.chart.spec.version may be exact, a range, or nothing.
func TestAHelmReleaseOfAnOlderChartIsRefused(t *testing.T) {
	t.Parallel()
	for version, refused := range map[string]bool{
		"1.0.7": true, "1.2.0": false, "1.3.0": false, "1.x": false, "*": false, "~1.0": true, ">=1.0.0": false, "<1.2.0": true, "": false, "latest": true,
	} {
		wanted := helmReleaseOf(namespace, "mural", map[string]any{"chart": map[string]any{"spec": map[string]any{"version": version}}})
		err := forwardFlux(Options{}, wanted, "mural-system/mural", "1.2.0+0123456789ab")
		if !refused {
			require.NoError(t, err, version)
			continue
		}
		require.Error(t, err, version)
		assert.Equal(t, fault.Refused, fault.CodeOf(err))
		assert.Contains(t, fault.RemedyOf(err), "--allow-downgrade")
		require.NoError(t, forwardFlux(Options{AllowDowngrade: true}, wanted, "", "1.2.0"))
	}
	require.NoError(t, forwardFlux(Options{}, helmReleaseOf(namespace, "mural", map[string]any{"chartRef": map[string]any{"name": "mural"}}), "", "1.2.0"), "the chart is the OCIRepository's")
}
