package pipeline

import (
	"context"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// standingTimeout is for one look at where an installation stands: it must not hold up who has interrupted.
const standingTimeout = 15 * time.Second

// standing returns which registries an installation uses, for the report. What can't be seen is unknown.
func standing(ctx context.Context, w *world.World, s *state.State) *report.Standing {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), standingTimeout)
	defer cancel()
	seen := &report.Standing{Zot: report.ZotUnknown, Push: report.UnknownRegistry}
	if on, err := s.ZotOn(); s.Absent() {
		seen.Zot = report.ZotAbsent
	} else if err == nil {
		seen.Zot = report.ZotOff
		if on {
			seen.Zot = report.ZotRuns
		}
	}
	zot, _, err := addresses(ctx, w, s)
	if err == nil {
		seen.Push = pushes(w, s, zot)
	}
	seen.Pulls = make([]report.Pull, len(w.Clusters()))
	_ = cluster.Each(w.Clusters(), func(i int, c *cluster.Cluster) error { // what can't be seen is in the answer
		seen.Pulls[i] = report.Pull{Cluster: c.Name, From: report.UnknownRegistry}
		if w.Unreached[c.Name] == nil {
			seen.Pulls[i] = pulls(ctx, c, w.Destination.URL(), zot)
		}
		return nil
	})
	return seen
}

// pushes returns where hue pushes, as the live release says.
func pushes(w *world.World, s *state.State, zot registry.Spellings) report.Registry {
	on, err := s.OnECR(w.Destination)
	if err != nil {
		return report.UnknownRegistry
	}
	if on {
		return report.ECR
	}
	if url, err := s.SourceURL(w.Destination); err == nil && zot.Names(url) && !registry.InECR(url) {
		return report.Zot
	}
	return report.OtherRegistry
}

// pulls returns where the workloads of a cluster pull from.
func pulls(ctx context.Context, c *cluster.Cluster, destination string, zot registry.Spellings) report.Pull {
	p := report.Pull{Cluster: c.Name, From: report.UnknownRegistry}
	var list sourcev1.OCIRepositoryList
	if err := c.Client.List(ctx, &list); err != nil {
		return p
	}
	var fromECR, fromZot, elsewhere int
	for _, r := range list.Items {
		switch {
		case r.Spec.URL == destination:
			fromECR++
		case zot.Names(r.Spec.URL) && registry.InECR(r.Spec.URL): // the release reads from there, and it is not the destination
			elsewhere++
		case zot.Names(r.Spec.URL):
			fromZot++
		}
	}
	p.Workloads = fromECR + fromZot + elsewhere
	switch {
	case elsewhere > 0: // also beside others: none of them is where all pull from
		p.From = report.OtherRegistry
	case fromECR > 0 && fromZot > 0:
		p.From = report.BothRegistries
	case fromECR > 0:
		p.From = report.ECR
	case fromZot > 0:
		p.From = report.Zot
	default:
		p.From = report.NoRegistry
	}
	return p
}
