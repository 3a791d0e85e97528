package target

import (
	"slices"
	"strings"
)

// Wave is a group of spokes that are switched and proven together, before hue is.
type Wave struct {
	Name   string   `yaml:"name"`
	Spokes []string `yaml:"spokes"`
}

// Wave returns the wave of a name.
func (c Cutover) Wave(name string) (Wave, error) {
	var names []string
	for _, w := range c.Waves {
		if w.Name == name {
			return w, nil
		}
		names = append(names, w.Name)
	}
	if len(names) == 0 {
		return Wave{}, wrong("name groups of spokes under waves, in the file of --config: docs/waves.md", "there is no wave %q: the target has none", name)
	}
	return Wave{}, wrong("take one of "+strings.Join(names, ", "), "there is no wave %q", name)
}

// checkWaves finds what can't be: a wave without a name or spokes, a spoke in two of them.
func (c Cutover) checkWaves() error {
	names, spokes := map[string]bool{}, map[string]string{}
	for _, w := range c.Waves {
		switch {
		case w.Name == "" || len(w.Spokes) == 0:
			return wrong("write - name: readers, spokes: [spoke-1]", "a wave has no name, or no spoke")
		case names[w.Name]:
			return wrong("give each wave a name of its own", "there are two waves %q", w.Name)
		}
		names[w.Name] = true
		for _, spoke := range w.Spokes {
			switch other, twice := spokes[spoke]; {
			case twice:
				return wrong("take it out of one of them", "spoke %q is in the waves %q and %q", spoke, other, w.Name)
			case !slices.ContainsFunc(c.Spokes, func(s Cluster) bool { return s.Name == spoke }):
				return wrong("name it under spokes, or with --spoke; the hub's own workloads follow with hue", "wave %q has the spoke %q, which is not named as a cluster", w.Name, spoke)
			}
			spokes[spoke] = w.Name
		}
	}
	return nil
}
