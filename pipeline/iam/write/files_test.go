package write_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
)

// endless is an input that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.json")
	require.NoError(t, os.WriteFile(path, iamtest.Guide(t, "private"), 0o600))
	d, err := document.Read(path, nil)
	require.NoError(t, err)
	assert.Equal(t, path, d.File())
	again, err := document.Read("-", strings.NewReader(string(iamtest.Guide(t, "private"))))
	require.NoError(t, err)
	assert.Equal(t, d.Statements, again.Statements)

	for name, test := range map[string]struct{ path, says string }{
		"missing":   {path + "x", "no such file"},
		"directory": {filepath.Dir(path), "is a directory"},
		"endless":   {"-", "are too much for a policy"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := document.Read(test.path, endless{})
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
		})
	}
}

func TestOutput(t *testing.T) {
	g := grants(t, iamtest.Orders(t)["private-irsa"])
	for format, begins := range map[string]string{"json": "{\n  \"combined\"", "terraform": "# combined: role", "aws": "# combined: role"} {
		out, err := g.Output(format, "")
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(out), begins), format)
	}
	out, err := g[:1].Output("json", "trust")
	require.NoError(t, err)
	assert.Equal(t, string(g[0].Trust.JSON()), string(out))

	_, err = g.Output("yaml", "")
	require.ErrorContains(t, err, `there is no format "yaml"`)
	_, err = g.Output("json", "policy")
	require.ErrorContains(t, err, "asked for 4 principals")
	_, err = g[:1].Output("aws", "policy")
	require.ErrorContains(t, err, "a single document is JSON")
	_, err = grants(t, iamtest.Orders(t)["private-irsa-role-exists"]).Output("json", "trust")
	require.EqualError(t, err, `writing policies: combined has no document "trust" (it has policy)`)
	assert.Equal(t, "no trust policy for role palette-ecr: give --issuer with the cluster's OIDC issuer to get one", fault.RemedyOf(err))
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	g := grants(t, iamtest.Orders(t)["cross-account"])
	paths, err := g.Save(dir)
	require.NoError(t, err)
	require.Len(t, paths, 3)
	for _, path := range paths {
		_, err := document.Read(path, nil)
		require.NoError(t, err)
	}
	made := filepath.Join(dir, "not", "there")
	paths, err = g.Save(made)
	require.NoError(t, err)
	require.FileExists(t, paths[0])
	_, err = g.Save(paths[0])
	require.ErrorContains(t, err, "not a directory")
	assert.NotEmpty(t, fault.RemedyOf(err))
}
