package pipeline

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

const zotOfSpokes = "oci://zot.mural-system.svc.cluster.local:5000"

// threeSpokes are a user's values with a fleet on Zot.
const threeSpokes = `hue:
  ociRegistry: {endpoint: "` + zotOfSpokes + `", repository: mural-workloads, provider: generic, insecure: true}
fleetConfig:
  spokes: # readers first
    - name: berlin
      kubeconfig: {secretReference: {name: berlin}}
      klusterlet: {}
      ociRegistry: {endpoint: "` + zotOfSpokes + `", repository: mural-workloads, provider: generic, basicAuth: {username: a, password: not-a-real-password}}
    - name: rome
      kubeconfig: {secretReference: {name: rome}}
      klusterlet: {}
      ociRegistry: {endpoint: "` + zotOfSpokes + `", repository: mural-workloads, provider: generic}
    - name: paris
      kubeconfig: {secretReference: {name: paris}}
      klusterlet: {}
      ociRegistry: {endpoint: "` + zotOfSpokes + `", repository: mural-workloads, provider: generic}
`

// inWaves is an installation of that fleet, with a run of one of its waves.
func inWaves(t *testing.T, name string) *installation {
	t.Helper()
	s := onZot(t, nil)
	release := wanted(t, threeSpokes)
	s.Target.Release.Values = release.Release.Values
	var err error
	s.given.File, err = readValues(t.Context(), &Options{Target: s.Target})
	require.NoError(t, err)
	s.Live.Merged = s.given.File.Merged()
	s.Target.Waves = []target.Wave{{Name: "readers", Spokes: []string{"berlin"}}, {Name: "rest", Spokes: []string{"rome"}}}
	for _, spoke := range []string{"berlin", "rome", "paris"} {
		s.Spokes = append(s.Spokes, &cluster.Cluster{Name: spoke})
	}
	if name != "" {
		only, err := s.Target.Wave(name)
		require.NoError(t, err)
		s.Wave = &only
	}
	return s
}

// onECR lists the spokes that values have on ECR, and whether hue is.
func (i *installation) onECR(t *testing.T, values map[string]any) (spokes []string, hue bool) {
	t.Helper()
	v, err := mural.Read(values)
	require.NoError(t, err)
	for _, s := range v.Spokes {
		if at, err := s.Registry.Address(); err == nil && at.URL() == i.Destination.URL() {
			assert.False(t, s.Registry.HasCredentials(), s.Name)
			spokes = append(spokes, s.Name)
		}
	}
	at, err := v.Hue.Address()
	require.NoError(t, err)
	return spokes, at.URL() == i.Destination.URL()
}

// TestWaveSwitchesItsSpokesAlone: the text of everything else stays, and waves before it stay switched.
func TestWaveSwitchesItsSpokesAlone(t *testing.T) {
	t.Parallel()
	s := inWaves(t, "readers")
	r, err := rendered(s.World, s.State, s.given)
	require.NoError(t, err)
	spokes, hue := s.onECR(t, r.Values)
	assert.Equal(t, []string{"berlin"}, spokes)
	assert.False(t, hue)
	assert.Contains(t, string(r.Wanted.Data()), "spokes: # readers first")
	require.NoError(t, onlyThisWave(s.World, s.State, r))

	s = inWaves(t, "rest")
	s.Journal.Begin(s.Destination.URL(), zotOfSpokes+"/mural-workloads", 1, nil)
	s.Journal.NoteWave(journal.Wave{Name: "readers", Spokes: []string{"berlin"}, ProvenAt: noon})
	r, err = rendered(s.World, s.State, s.given)
	require.NoError(t, err)
	spokes, hue = s.onECR(t, r.Values)
	assert.Equal(t, []string{"berlin", "rome"}, spokes)
	assert.False(t, hue)
	linted, err := LintWave(t.Context(), s.World, s.State, r)
	require.NoError(t, err)
	assert.Equal(t, r.Values, linted.Rendered.Values, "what is deployed is the wave, not what it was judged by")

	s.Wave = nil
	r, err = rendered(s.World, s.State, s.given)
	require.NoError(t, err)
	spokes, hue = s.onECR(t, r.Values)
	assert.Equal(t, []string{"berlin", "rome", "paris"}, spokes)
	assert.True(t, hue)
}

// TestOnlyThisWave: values that switch another cluster, or not all of the wave, are refused.
func TestOnlyThisWave(t *testing.T) {
	t.Parallel()
	s := inWaves(t, "readers")
	all := *s.World
	all.Wave = nil
	everything, err := rendered(&all, s.State, s.given)
	require.NoError(t, err)
	err = onlyThisWave(s.World, s.State, everything)
	require.ErrorContains(t, err, "hue would push to ECR already")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))

	nothing := Rendered{Values: s.given.File.Merged()}
	require.ErrorContains(t, onlyThisWave(s.World, s.State, nothing), "spoke berlin would not read from ECR")

	readers, err := rendered(s.World, s.State, s.given)
	require.NoError(t, err)
	s.Wave = &target.Wave{Name: "rest", Spokes: []string{"rome"}}
	require.ErrorContains(t, onlyThisWave(s.World, s.State, readers), "spoke berlin would read from ECR, and is not in it")
	s.Wave = &target.Wave{Name: "readers", Spokes: []string{"berlin", "oslo"}}
	require.ErrorContains(t, onlyThisWave(s.World, s.State, readers), "spoke oslo has no entry")
}

// TestHueIsLast: before every wave of the file is proven, hue stays.
func TestHueIsLast(t *testing.T) {
	t.Parallel()
	s := inWaves(t, "")
	err := wavesFirst(s.World, s.State)
	require.ErrorContains(t, err, `the spokes of wave "readers" are not on ECR and proven yet`)
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "`palette-ecr run --wave readers`")

	s.Journal.NoteWave(journal.Wave{Name: "readers", Spokes: []string{"berlin"}, ProvenAt: noon})
	s.Journal.NoteWave(journal.Wave{Name: "rest", Spokes: []string{"rome"}})
	require.ErrorContains(t, wavesFirst(s.World, s.State), `wave "rest"`, "switched is not proven")
	s.Journal.NoteWave(journal.Wave{Name: "rest", Spokes: []string{"rome"}, ProvenAt: noon})
	require.NoError(t, wavesFirst(s.World, s.State))
	assert.Equal(t, []string{"hub", "paris"}, beforeThisRun(s.World, s.State), "these go back when hue's switch fails")
}

// TestSourcesDuringWaves: a spoke that reads from ECR already still has an address of Zot, and ECR is none of its.
func TestSourcesDuringWaves(t *testing.T) {
	t.Parallel()
	s := inWaves(t, "readers")
	sources, err := s.Sources(s.World)
	require.NoError(t, err)
	s.Journal.Begin(s.Destination.URL(), zotOfSpokes+"/mural-workloads", 1, nil)
	s.Journal.Sources = sources
	r, err := rendered(s.World, s.State, s.given)
	require.NoError(t, err)
	s.Live.Merged = r.Values
	now, err := s.Sources(s.World)
	require.NoError(t, err)
	assert.Equal(t, sources, now)
}

// TestRollbackOfWaves is needed although hue never left Zot.
func TestRollbackOfWaves(t *testing.T) {
	t.Parallel()
	s := inWaves(t, "")
	s.Live.Status = "deployed"
	s.Journal.Begin(s.Destination.URL(), zotOfSpokes+"/mural-workloads", 1, nil)
	reason, err := restored(s.World, s.State)
	require.NoError(t, err)
	assert.NotEmpty(t, reason, "nothing was switched")
	s.Journal.NoteWave(journal.Wave{Name: "readers", Spokes: []string{"berlin"}})
	reason, err = restored(s.World, s.State)
	require.NoError(t, err)
	assert.Empty(t, reason)
	assert.Equal(t, "hue writes to Zot, and these read from ECR: wave readers (berlin), not proven", wavesSoFar(s.Journal))
}

// TestOneWaveAtATime: a wave is a run of its own.
func TestOneWaveAtATime(t *testing.T) {
	t.Parallel()
	o := Options{Wave: "readers", Only: []string{"copy"}}
	_, err := Run(t.Context(), o)
	require.ErrorContains(t, err, `running wave "readers": it has no part`)
	_, err = Run(t.Context(), Options{Wave: "readers"})
	require.ErrorContains(t, err, `there is no wave "readers": the target has none`)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}
