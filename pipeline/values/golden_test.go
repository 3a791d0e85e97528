package values_test

import (
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	corpusDir = "../../fixtures/values"
	chartDir  = "../../fixtures/charts/mural"
)

func endpoint(t testing.TB, text string) registry.Registry {
	t.Helper()
	r, err := registry.Parse(text)
	require.NoError(t, err)
	return r
}

// settings of the rehearsal, with the stand-in chart's defaults.
func settings(t testing.TB) values.Settings {
	t.Helper()
	c, err := chart.Load(t.Context(), chartDir, "", chart.Options{HTTPClient: http.DefaultClient})
	require.NoError(t, err)
	defaults, err := chart.Defaults(c)
	require.NoError(t, err)
	return values.Settings{
		Destination:   endpoint(t, "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"),
		Repository:    "mural-workloads",
		Identity:      target.Identity{Mode: target.IRSA, RoleARN: "arn:aws:iam::123456789012:role/palette-ecr"},
		ChartDefaults: defaults,
	}
}

// special settings of single files.
func special(t testing.TB, name string, s values.Settings) values.Settings {
	t.Helper()
	switch {
	case strings.Contains(name, "no-chart"):
		s.ChartDefaults = nil
	case strings.Contains(name, "public"):
		s.Destination = endpoint(t, "oci://public.ecr.aws/a1b2c3d4")
	case strings.Contains(name, "china"):
		s.Destination = endpoint(t, "oci://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn")
		s.Identity.RoleARN = "arn:aws-cn:iam::123456789012:role/palette-ecr"
	case strings.Contains(name, "instance-profile"):
		s.Identity = target.Identity{Mode: target.InstanceProfile}
	case strings.Contains(name, "pod-identity"):
		s.Identity = target.Identity{Mode: target.PodIdentity}
	case strings.Contains(name, "zot-off"):
		s.DisableZot = true
	case strings.Contains(name, "intervals"):
		s.Interval, s.Timeout = "10m", "2m"
	}
	return s
}

func corpus(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(corpusDir, "*.yaml"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 30)
	return paths
}

// TestGolden renders every file of the corpus. What comes out, its diff, or the error is in golden/.
func TestGolden(t *testing.T) {
	t.Parallel()
	base := settings(t)
	for _, path := range corpus(t) {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			s := special(t, name, base)
			f, err := values.Parse(name, data)
			var r *values.Rendered
			if err == nil {
				r, err = f.Render(s)
			}
			if err != nil {
				golden(t, name+".error", []byte(err.Error()+"\nnext: "+fault.RemedyOf(err)+"\n"))
				absent(t, name)
				assert.Equal(t, fault.Usage, fault.CodeOf(err))
				return
			}
			golden(t, name, r.Output)
			golden(t, name+".diff", []byte(r.Diff(name)))
			absent(t, name+".error")
			again, err := values.Parse(name, r.Output)
			require.NoError(t, err)
			twice, err := again.Render(s)
			require.NoError(t, err)
			assert.Equal(t, string(r.Output), string(twice.Output), "rendering the result again")
			assert.Empty(t, twice.Changes)
			assert.Empty(t, twice.Diff(name))
		})
	}
}

// golden compares with, or writes, a golden file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join(corpusDir, "golden", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

// absent checks that there is no such golden file.
func absent(t *testing.T, name string) {
	t.Helper()
	path := filepath.Join(corpusDir, "golden", name)
	_, err := os.Stat(path)
	if *update && err == nil {
		require.NoError(t, os.Remove(path))
		return
	}
	assert.True(t, errors.Is(err, os.ErrNotExist), "%s is there", path)
}
