package report_test

import (
	"io"
	"testing"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// BenchmarkWrite writes a report of 1,000 findings in every format.
func BenchmarkWrite(b *testing.B) {
	r := manyFindings(1000)
	for _, format := range report.Names() {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := report.Write(io.Discard, format, r, report.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
