package report

import (
	"fmt"
	"slices"
	"strings"
)

// Registry is where artifacts are pushed to or pulled from.
type Registry string

const (
	Zot             Registry = "zot"
	ECR             Registry = "ecr"
	BothRegistries  Registry = "both"    // some workloads of a cluster use the one, some the other
	OtherRegistry   Registry = "another" // neither of them
	NoRegistry      Registry = "none"    // no workload is there that could read from one
	UnknownRegistry Registry = "unknown" // it could not be seen
)

// ZotState says whether Zot is there.
type ZotState string

const (
	ZotRuns    ZotState = "runs"
	ZotOff     ZotState = "off" // turned off; its volume may be there
	ZotAbsent  ZotState = "absent"
	ZotUnknown ZotState = "unknown"
)

// Standing says which registry an installation uses at one moment.
type Standing struct {
	Zot   ZotState `json:"zot"`
	Push  Registry `json:"push"`  // where hue pushes
	Pulls []Pull   `json:"pulls"` // each cluster, the hub first
}

// Pull says where the workloads of one cluster pull from.
type Pull struct {
	Cluster   string   `json:"cluster"`
	From      Registry `json:"from"`
	Workloads int      `json:"workloads"`
}

func (r Registry) String() string {
	switch r {
	case Zot:
		return "Zot"
	case ECR:
		return "ECR"
	case BothRegistries:
		return "Zot and ECR"
	case OtherRegistry:
		return "another registry"
	case NoRegistry:
		return "no registry"
	}
	return "an unknown registry"
}

// from counts the clusters that pull from a registry.
func (s *Standing) from(r Registry) int {
	n := 0
	for _, p := range s.Pulls {
		if p.From == r {
			n++
		}
	}
	return n
}

// reading are the clusters that have workloads, or may have: a hub that is not a spoke has nothing to pull.
func (s *Standing) reading() []Pull {
	return slices.DeleteFunc(slices.Clone(s.Pulls), func(p Pull) bool { return p.From == NoRegistry })
}

// sentence says in a few words what is true, as in "PaletteAI pulls from ECR; Zot still runs".
func (s *Standing) sentence() string {
	text := "PaletteAI pulls from " + s.pulled()
	main, n := s.main()
	reading := s.reading()
	if n < len(reading) {
		text = fmt.Sprintf("PaletteAI pulls from %s in %d of %s", main, n, Counted(len(reading), "cluster"))
	}
	if all := len(reading); all > 0 && n == all && main != s.Push && main != BothRegistries {
		text += ", but hue pushes to " + s.Push.String()
	}
	switch {
	case s.Zot == ZotOff:
		text += "; Zot is off"
	case s.Zot == ZotAbsent:
		text += "; there is no Zot"
	case s.Zot == ZotRuns && s.from(Zot)+s.from(BothRegistries) == 0:
		text += "; Zot still runs"
	case s.Zot == ZotRuns && n < len(reading):
		text += "; Zot runs"
	case s.Zot != ZotRuns:
		text += "; whether Zot runs is unknown"
	}
	return text
}

// main is the registry that most clusters pull from.
func (s *Standing) main() (most Registry, clusters int) {
	for _, r := range pulledFrom {
		if n := s.from(r); n > clusters {
			most, clusters = r, n
		}
	}
	return most, clusters
}

// pulledFrom lists the registries in the order in which they are shown.
var pulledFrom = []Registry{ECR, Zot, BothRegistries, OtherRegistry, UnknownRegistry}

// pulled says where clusters pull from: one registry for all, or how many from which.
func (s *Standing) pulled() string {
	all := len(s.reading())
	if all == 0 {
		return "nowhere yet"
	}
	var parts []string
	for _, r := range pulledFrom {
		switch n := s.from(r); {
		case n == all:
			return r.String()
		case n > 0 && parts == nil:
			parts = append(parts, fmt.Sprintf("%s in %d of %s", r, n, Counted(all, "cluster")))
		case n > 0:
			parts = append(parts, fmt.Sprintf("%s in %d", r, n))
		}
	}
	return strings.Join(parts, ", ")
}
