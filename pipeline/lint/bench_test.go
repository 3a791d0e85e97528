package lint_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// fleet is a values.yaml with n spokes, each with the keys that the chart's default entry has.
func fleet(n int) []byte {
	var out strings.Builder
	out.WriteString(`hue:
  ociRegistry:
    enabled: true
    endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette
    repository: mural-workloads
    insecure: false
    interval: 5m
    timeout: 60s
    provider: aws
fleetConfig:
  spokes:
`)
	for i := range n {
		fmt.Fprintf(&out, `    - name: spoke-%d
      createNamespace: true
      syncLabels: false
      clusterARN: ''
      cleanupConfig:
        purgeAgentNamespace: true
        purgeKlusterletOperator: true
      kubeconfig:
        context: '' # the only one
        inCluster: false
        secretReference: {name: spoke-%d-kubeconfig, kubeconfigKey: value}
      proxyCa: ''
      proxyUrl: ''
      klusterlet:
        annotations: {}
        mode: Default
        purgeOperator: true
        forceInternalEndpointLookup: true
        singleton: false
        values: {}
      addOns: []
      ociRegistry:
        endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette
        repository: mural-workloads
        insecure: false
        provider: aws
`, i, i)
	}
	return []byte(out.String())
}

func parseAndLint(tb testing.TB, data []byte) {
	f, err := values.Parse("values.yaml", data)
	require.NoError(tb, err)
	findings, err := lint.Run(lint.Input{File: f})
	require.NoError(tb, err)
	require.Empty(tb, findings)
}

func parseYAML(tb testing.TB, data []byte) {
	var root yaml.Node
	require.NoError(tb, yaml.Unmarshal(data, &root))
}

// BenchmarkStaticRules reads and lints n spokes, and reports how long the YAML library alone takes for the file:
// the metric x/yaml is at most 2 (issue 3).
func BenchmarkStaticRules(b *testing.B) {
	for _, n := range []int{10, 100, 1_000, 10_000} {
		data := fleet(n)
		b.Run(fmt.Sprintf("spokes=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			var library time.Duration
			for b.Loop() {
				parseAndLint(b, data)
				b.StopTimer()
				start := time.Now()
				parseYAML(b, data)
				library += time.Since(start)
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed())/float64(library), "x/yaml")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/spoke")
		})
	}
}

// BenchmarkFindings has something to say about every spoke.
func BenchmarkFindings(b *testing.B) {
	for _, n := range []int{10, 1_000, 10_000} {
		data := bytes.ReplaceAll(fleet(n), []byte("insecure: false"), []byte("insecure: true"))
		b.Run(fmt.Sprintf("spokes=%d", n), func(b *testing.B) {
			for b.Loop() {
				f, err := values.Parse("values.yaml", data)
				require.NoError(b, err)
				findings, err := lint.Run(lint.Input{File: f})
				require.NoError(b, err)
				require.Len(b, findings, n+1)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/spoke")
		})
	}
}

// TestAllocations holds the static rules, with reading the file, to twice the allocations of the YAML library alone. It is a third
// of them; under the race detector, which empties pools at random, about as many.
func TestAllocations(t *testing.T) {
	data := fleet(1_000)
	ours := testing.AllocsPerRun(3, func() { parseAndLint(t, data) })
	library := testing.AllocsPerRun(3, func() { parseYAML(t, data) })
	t.Logf("lint %.0f, YAML library %.0f", ours, library)
	require.Less(t, ours, 2*library)
}
