package journal

import (
	"slices"
	"time"
)

// Wave is a group of spokes that reads from the destination while hue still writes to the source.
type Wave struct {
	Name     string    `json:"name"`
	Spokes   []string  `json:"spokes"`
	ProvenAt time.Time `json:"provenAt,omitzero"` // zero: it was switched, and not proven yet
}

// NoteWave notes a wave; one of the same name is replaced.
func (j *Journal) NoteWave(w Wave) {
	j.DropWave(w.Name)
	w.ProvenAt = w.ProvenAt.UTC().Truncate(time.Second)
	j.Waves = append(j.Waves, w)
}

// DropWave notes that a wave went back.
func (j *Journal) DropWave(name string) {
	j.Waves = slices.DeleteFunc(j.Waves, func(w Wave) bool { return w.Name == name })
	if len(j.Waves) == 0 {
		j.Waves = nil
	}
}

// InWave reports whether a spoke is in a wave that was switched.
func (j *Journal) InWave(spoke string) bool {
	return slices.ContainsFunc(j.Waves, func(w Wave) bool { return slices.Contains(w.Spokes, spoke) })
}

// WaveProven reports whether a wave was switched and proven.
func (j *Journal) WaveProven(name string) bool {
	return slices.ContainsFunc(j.Waves, func(w Wave) bool { return w.Name == name && !w.ProvenAt.IsZero() })
}
