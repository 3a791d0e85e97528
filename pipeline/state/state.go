// Package state reads what an installation is at one moment: the live release, and the journal of a cutover that was
// begun. It answers where hue points and where the source is; what it can't tell is an error, never a guess.
package state

import (
	"context"
	"errors"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fleet"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// State is an installation as it was read. It holds credentials: it is never logged.
type State struct {
	Live    *deploy.Release
	Journal *journal.Journal
	Managed deploy.Managed // who applies the release

	chart *helmchart.Chart // whose defaults are under the values in the journal; nil is unknown
}

// Read reads the live release and the journal.
func Read(ctx context.Context, w *world.World) (*State, error) {
	live, err := deploy.Live(ctx, w.Hub, w.Target.Release)
	if w.Install && errors.Is(err, deploy.ErrNoRelease) {
		live, err = &deploy.Release{Name: w.Target.Release.Name, Namespace: w.Target.Release.Namespace}, nil
	}
	if err != nil {
		return nil, err
	}
	j, err := journal.Load(ctx, w.Hub.Client, w.Target.Release.Namespace)
	if err != nil {
		return nil, err
	}
	j.BeforeWrite, j.Writer = w.Lock, w.Writer
	s := New(live, j, w.Chart)
	s.Managed, err = deploy.Manager(ctx, w.Hub, w.Target.Release)
	return s, err
}

// New returns the State of a release and a journal that were read already.
func New(live *deploy.Release, j *journal.Journal, c *helmchart.Chart) *State {
	return &State{Live: live, Journal: j, chart: c}
}

// WithChart returns the same state, seen with the chart whose defaults the values in the journal had.
func (s State) WithChart(c *helmchart.Chart) *State {
	s.chart = c
	return &s
}

// live returns hue's settings in the live release, and whether Zot is on.
func (s *State) live() (mural.Registry, bool, error) {
	v, err := mural.Read(s.Live.Merged)
	return v.Hue, v.Zot, err
}

// Secrets lists the passwords, tokens and keys in the live values and in those that the journal has, so that whoever
// shows text made elsewhere can hide them.
func (s *State) Secrets() []string {
	var found []string
	if s.Live != nil {
		found = values.SecretsIn(s.Live.Merged)
	}
	if s.Journal != nil {
		found = append(found, values.SecretsIn(s.Journal.Original)...)
	}
	return found
}

// OnECR reports whether hue of the live release is on the destination.
func (s *State) OnECR(destination registry.Repository) (bool, error) {
	if s.Absent() {
		return false, nil
	}
	settings, _, err := s.live()
	if err != nil {
		return false, err
	}
	at, err := settings.Address()
	if err != nil {
		return false, err
	}
	return at.URL() == destination.URL(), nil
}

// ZotOn reports whether the live release has Zot enabled.
func (s *State) ZotOn() (bool, error) {
	_, on, err := s.live()
	return on, err
}

// Absent reports whether nothing is installed yet: Helm counts revisions from one.
func (s *State) Absent() bool { return s.Live != nil && s.Live.Revision == 0 }

// Unfinished reports whether the newest revision has begun and not ended well: what it says need not be in the cluster.
func (s *State) Unfinished() bool { return s.Live.Status != "" && s.Live.Status != "deployed" }

// CutOver reports whether the cutover is complete: the live release is on the destination, with Zot off.
func (s *State) CutOver(destination registry.Repository) (bool, error) {
	on, err := s.OnECR(destination)
	if err != nil || !on {
		return false, err
	}
	zot, err := s.ZotOn()
	return !zot, err
}

// Source returns how the source registry is reached: as the live release says or, when that is on the destination
// already, as the journal has it. Not ok means that Zot is off or was never there, or that nobody knows any more.
func (s *State) Source(destination registry.Repository) (settings mural.Registry, ok bool, err error) {
	settings, zot, err := s.live()
	if err != nil {
		return mural.Registry{}, false, err
	}
	on, err := s.OnECR(destination)
	if err != nil {
		return mural.Registry{}, false, err
	}
	if !on {
		return settings, !s.Absent(), nil
	}
	if !zot || s.Journal.Original == nil || s.chart == nil {
		return mural.Registry{}, false, nil
	}
	settings, _, err = s.Original()
	return settings, err == nil, err
}

// Original returns hue's settings from before the cutover, as the journal has them, and whether Zot was on.
func (s *State) Original() (mural.Registry, bool, error) {
	merged, err := chart.Merged(s.chart, s.Journal.Original)
	if err != nil {
		return mural.Registry{}, false, err
	}
	v, err := mural.Read(merged)
	return v.Hue, v.Zot, err
}

// Sources returns the URL at which each cluster reads from the source, by the cluster's name: as the live values say,
// or, once hue is on the destination, as the journal has it. "" is for a cluster of which nobody knows it.
func (s *State) Sources(w *world.World) (map[string]string, error) {
	on, err := s.OnECR(w.Destination)
	if err != nil {
		return nil, err
	}
	sources := map[string]string{}
	if on || s.Absent() {
		for _, c := range w.Clusters() {
			sources[c.Name] = s.Journal.SourceOf(c.Name)
		}
		return sources, nil
	}
	v, err := mural.Read(s.Live.Merged)
	if err != nil {
		return nil, err
	}
	if sources, err = fleet.Sources(v, fleet.OfValues(v, w.Target.Release.Namespace), fleet.Named{Hub: w.Hub.Name}); err != nil {
		return nil, err
	}
	for _, c := range w.Clusters() {
		if sources[c.Name] == w.Destination.URL() { // of a wave that was switched
			sources[c.Name] = s.Journal.SourceOf(c.Name)
		}
		if sources[c.Name] == "" { // the entry names no registry: the spoke reads where hue pushes
			sources[c.Name] = sources[w.Hub.Name]
		}
	}
	return sources, nil
}

// SourceURL returns the URL that workloads had, or have, from the source; "" when nobody knows any more.
func (s *State) SourceURL(destination registry.Repository) (string, error) {
	settings, ok, err := s.Source(destination)
	if err != nil || !ok {
		return s.Journal.Source, err
	}
	at, err := settings.Address()
	return at.URL(), err
}
