package values_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// fleet makes values with that many spokes, each of 22 lines.
func fleet(spokes int) string {
	const registry = `        endpoint: 'oci://zot.mural-system.svc.cluster.local:5000'
        repository: mural-workloads   # shared
        insecure: true
        provider: generic
        basicAuth:
          username: admin
          password: not-a-real-password
`
	var b strings.Builder
	b.WriteString("# values of a fleet\nglobal:\n  dns:\n    domain: palette.example.internal   # the host that users type\nhue:\n  ociRegistry:\n    enabled: true\n")
	b.WriteString(strings.ReplaceAll(registry, "        ", "    "))
	b.WriteString("fleetConfig:\n  spokes:\n")
	for i := range spokes {
		fmt.Fprintf(&b, `    # site %d
    - name: spoke-%d
      hubRef: {name: hub, namespace: mural-system}
      createNamespace: true
      syncLabels: false
      kubeconfig:
        inCluster: false
        secretReference:
          name: spoke-%d-kubeconfig
          kubeconfigKey: kubeconfig
      klusterlet:
        mode: Default
        forceInternalEndpointLookup: false
        annotations:
          team: "edge"
      ociRegistry:
`, i, i, i)
		b.WriteString(registry)
	}
	return b.String()
}

// BenchmarkRender is the whole edit of a file: reading, editing, checking the result.
func BenchmarkRender(b *testing.B) {
	s := settings(b)
	for _, spokes := range []int{10, 100, 1_000, 10_000} {
		data := []byte(fleet(spokes))
		b.Run(fmt.Sprintf("%d-spokes", spokes), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				f, err := values.Parse("values.yaml", data)
				require.NoError(b, err)
				_, err = f.Render(s)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(spokes), "µs/spoke")
		})
	}
}

// BenchmarkParse is reading alone.
func BenchmarkParse(b *testing.B) {
	data := []byte(fleet(1_000))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		_, err := values.Parse("values.yaml", data)
		require.NoError(b, err)
	}
}

// BenchmarkDiff is the diff of what was rendered.
func BenchmarkDiff(b *testing.B) {
	for _, spokes := range []int{100, 1_000, 10_000} {
		f, err := values.Parse("values.yaml", []byte(fleet(spokes)))
		require.NoError(b, err)
		r, err := f.Render(settings(b))
		require.NoError(b, err)
		b.Run(fmt.Sprintf("%d-spokes", spokes), func(b *testing.B) {
			for b.Loop() {
				require.NotEmpty(b, r.Diff("values.yaml"))
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(spokes), "µs/spoke")
		})
	}
}
