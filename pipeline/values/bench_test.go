package values_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/fixtures/fleet"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// BenchmarkRender is the whole edit of a file: reading, editing, checking the result.
func BenchmarkRender(b *testing.B) {
	s := settings(b)
	for _, spokes := range []int{10, 100, 1_000, 10_000} {
		data := []byte(fleet.Values(spokes))
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
	data := []byte(fleet.Values(1_000))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		_, err := values.Parse("values.yaml", data)
		require.NoError(b, err)
	}
}

// BenchmarkDiff is the diff of what was rendered.
func BenchmarkDiff(b *testing.B) {
	for _, spokes := range []int{100, 1_000, 10_000} {
		f, err := values.Parse("values.yaml", []byte(fleet.Values(spokes)))
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
