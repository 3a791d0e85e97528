package report

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestPictureHoldsEverything: whatever there is to show lies within the picture, and no box covers another.
func TestPictureHoldsEverything(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 3, 4, 5, 12, 40, 41, 100, 500} {
		s := &Standing{Zot: ZotRuns, Push: Zot}
		for i := range n {
			from := []Registry{Zot, ECR, BothRegistries, OtherRegistry, UnknownRegistry, NoRegistry}[i%6]
			s.Pulls = append(s.Pulls, Pull{Cluster: fmt.Sprintf("a-cluster-with-a-long-name-%d", i), From: from, Workloads: i})
		}
		p := pictureOf("Now", s)
		assert.Len(t, p.Clusters, n, "each cluster is drawn")
		boxes := append([]pictureBox{p.Zot, p.ECR}, p.Clusters...)
		for i, b := range boxes {
			assert.True(t, b.X >= 0 && b.X+b.Width <= 360 && b.Y >= 0 && b.Y+b.Height <= 220, "%d clusters: %+v", n, b)
			assert.LessOrEqual(t, len([]rune(b.Name))*9, b.Width, "%q fits", b.Name)
			for _, other := range boxes[:i] {
				apart := b.X >= other.X+other.Width || other.X >= b.X+b.Width || b.Y >= other.Y+other.Height || other.Y >= b.Y+b.Height
				assert.True(t, apart, "%d clusters: %+v covers %+v", n, b, other)
			}
		}
		if p.Many != "" {
			assert.LessOrEqual(t, p.ManyY, 216)
		}
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()
	on := func(push Registry, zot ZotState, from ...Registry) *Standing {
		s := &Standing{Zot: zot, Push: push}
		for i, r := range from {
			s.Pulls = append(s.Pulls, Pull{Cluster: fmt.Sprint(i), From: r, Workloads: 1})
		}
		return s
	}
	for want, s := range map[string]*Standing{
		"PaletteAI pulls from ECR; Zot still runs":                    on(ECR, ZotRuns, ECR, ECR),
		"PaletteAI pulls from ECR; Zot is off":                        on(ECR, ZotOff, ECR),
		"PaletteAI pulls from ECR; there is no Zot":                   on(ECR, ZotAbsent, ECR),
		"PaletteAI pulls from ECR; whether Zot runs is unknown":       on(ECR, ZotUnknown, ECR),
		"PaletteAI pulls from Zot":                                    on(Zot, ZotRuns, Zot, Zot),
		"PaletteAI pulls from Zot; Zot is off":                        on(Zot, ZotOff, Zot),
		"PaletteAI pulls from Zot, but hue pushes to ECR":             on(ECR, ZotRuns, Zot),
		"PaletteAI pulls from ECR in 2 of 3 clusters; Zot runs":       on(ECR, ZotRuns, ECR, Zot, ECR),
		"PaletteAI pulls from ECR in 2 of 3 clusters; Zot still runs": on(ECR, ZotRuns, ECR, UnknownRegistry, ECR),
		"PaletteAI pulls from an unknown registry; Zot is off":        on(UnknownRegistry, ZotOff, UnknownRegistry),
		"PaletteAI pulls from nowhere yet; there is no Zot":           on(ECR, ZotAbsent),
		"PaletteAI pulls from nowhere yet; Zot is off":                on(ECR, ZotOff, NoRegistry),
		// Seen: "in 2 of 3 clusters", where the hub is not a spoke and has nothing to pull.
		"PaletteAI pulls from Zot; whether Zot runs is unknown":                    on(Zot, ZotUnknown, NoRegistry, Zot, Zot),
		"PaletteAI pulls from Zot, but hue pushes to ECR; Zot is off":              on(ECR, ZotOff, NoRegistry, Zot, Zot),
		"PaletteAI pulls from ECR in 1 of 2 clusters; Zot runs":                    on(ECR, ZotRuns, NoRegistry, ECR, Zot),
		"PaletteAI pulls from Zot and ECR":                                         on(ECR, ZotRuns, BothRegistries),
		"PaletteAI pulls from ECR, but hue pushes to Zot; Zot still runs":          on(Zot, ZotRuns, ECR),
		"PaletteAI pulls from another registry, but hue pushes to ECR; Zot is off": on(ECR, ZotOff, OtherRegistry),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want, s.sentence())
		})
	}
	assert.Equal(t, "hue pushes to ECR; workloads pull from ECR in 2 of 4 clusters, Zot in 1, an unknown registry in 1; Zot runs", on(ECR, ZotRuns, ECR, Zot, ECR, UnknownRegistry).words())
	assert.Equal(t, "hue pushes to ECR; workloads pull from ECR; Zot runs", on(ECR, ZotRuns, NoRegistry, ECR, ECR).words())
}
