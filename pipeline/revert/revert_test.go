package revert_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/fixtures/charts"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/render"
	"github.com/palette-ecr/palette-ecr/pipeline/revert"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

const original = `# before
hue:
  ociRegistry:
    endpoint: oci://zot:5000 # the old one
    basicAuth: {username: admin, password: hunter2}

fleetConfig:
  spokes: []
# after
`

func wanted(t *testing.T) target.Cutover {
	t.Helper()
	return target.Cutover{
		Registry: target.Registry{Endpoint: "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"},
		Identity: target.Identity{RoleARN: "arn:aws:iam::123456789012:role/palette-ecr"},
	}.WithDefaults()
}

func parse(t *testing.T, text string) *values.File {
	t.Helper()
	f, err := values.Parse("values.yaml", []byte(text))
	require.NoError(t, err)
	return f
}

// rendered is what render makes of a file.
func rendered(t *testing.T, f *values.File, want target.Cutover, change ...func(*render.Options)) string {
	t.Helper()
	in := lint.Input{File: f, Target: want}
	var err error
	in.Destination, err = want.Destination()
	require.NoError(t, err)
	options, ok := lint.Wanted(in)
	require.True(t, ok)
	for _, c := range change {
		c(&options)
	}
	r, err := render.Run(f, options)
	require.NoError(t, err)
	return string(r.Output)
}

func zotOff(o *render.Options) { o.DisableZot = true }

// TestBack goes there and back, with and without changes between.
func TestBack(t *testing.T) {
	there := rendered(t, parse(t, original), wanted(t))
	require.NotEqual(t, original, there)
	for name, test := range map[string]struct{ now, want string }{
		"at once":          {there, original},
		"Zot off":          {rendered(t, parse(t, original), wanted(t), zotOff), original},
		"comments changed": {strings.ReplaceAll(strings.ReplaceAll(there, "# before", "# BEFORE\n"), "# after", "# AFTER"), strings.ReplaceAll(strings.ReplaceAll(original, "# before", "# BEFORE\n"), "# after", "# AFTER")},
		"keys added":       {"global: {}\n" + there + "more: {}\n", "global: {}\n" + original + "more: {}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			// The file itself says where it points: no flag is needed.
			back, err := revert.Run(revert.Input{File: parse(t, test.now), Original: parse(t, original), Target: target.Cutover{}.WithDefaults()})
			require.NoError(t, err)
			assert.Equal(t, test.want, string(back.Output))
			assert.NotContains(t, back.Diff("values.yaml"), "hunter2")
			assert.Contains(t, back.Diff("values.yaml"), "+    endpoint: oci://zot:5000")
			assert.NotEmpty(t, back.Changes)
			path := filepath.Join(t.TempDir(), "values.yaml")
			require.NoError(t, os.WriteFile(path, []byte(test.now), 0o600))
			require.NoError(t, back.WriteInPlace(path))
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, test.want, string(data))
		})
	}
}

// TestStuck refuses what can't be told apart, and says where without showing a secret.
func TestStuck(t *testing.T) {
	there := rendered(t, parse(t, original), wanted(t))
	for name, test := range map[string]struct {
		now, original string
		code          fault.Code
		says          string
	}{
		"changed by hand":   {strings.Replace(there, "provider: aws", "provider: generic", 1), original, fault.Failed, "is in what render wrote: near line"},
		"another original":  {there, "hue: {ociRegistry: {endpoint: 'oci://zot'}}\nfleetConfig: {spokes: []}\n", fault.Failed, `reverting "values.yaml" to "values.yaml"`},
		"never rendered":    {original, original, fault.Usage, "it doesn't point at ECR"},
		"original is empty": {there, "", fault.Usage, "no fleetConfig.spokes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := revert.Run(revert.Input{File: parse(t, test.now), Original: parse(t, test.original), Target: target.Cutover{}.WithDefaults()})
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, test.code, fault.CodeOf(err))
			assert.NotEmpty(t, fault.RemedyOf(err))
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// TestCorpus takes every file of the corpus there and back.
func TestCorpus(t *testing.T) {
	paths, err := filepath.Glob("../../fixtures/values/*.yaml")
	require.NoError(t, err)
	c, err := charts.Load(charts.Mural)
	require.NoError(t, err)
	tried := 0
	for _, path := range paths {
		f, err := values.Read(path)
		if err != nil {
			continue // the corpus holds what is not YAML, too
		}
		in := lint.Input{File: f, Target: wanted(t)}
		in.Destination, err = in.Target.Destination()
		require.NoError(t, err)
		in.Chart = c
		options, _ := lint.Wanted(in)
		r, err := render.Run(f, options)
		if err != nil || len(r.Changes) == 0 {
			continue
		}
		tried++
		back, err := revert.Run(revert.Input{File: parse(t, string(r.Output)), Original: f, Target: in.Target, Chart: c})
		if assert.NoError(t, err, path) {
			assert.Equal(t, string(f.Data()), string(back.Output), path)
		}
	}
	assert.Greater(t, tried, 25)
}

// TestFleet takes a fleet there and back, whose spokes look all alike: with changes in many places of each, only what
// render knows of its own edits tells them apart in reasonable time.
func TestFleet(t *testing.T) {
	var b strings.Builder
	b.WriteString("# fleet\nhue:\n  ociRegistry: {endpoint: 'oci://zot:5000'}\nfleetConfig:\n  spokes:\n")
	for i := range 300 {
		fmt.Fprintf(&b, `    - name: spoke-%d
      createNamespace: true
      ociRegistry:
        endpoint: oci://zot:5000
        insecure: true
        basicAuth:
          username: admin
          password: hunter2
`, i)
	}
	later := strings.NewReplacer("# fleet", "# FLEET", "spoke-7\n      createNamespace: true", "spoke-7\n      createNamespace: false")
	there := later.Replace(rendered(t, parse(t, b.String()), wanted(t))) + "more: {}\n"
	back, err := revert.Run(revert.Input{File: parse(t, there), Original: parse(t, b.String()), Target: target.Cutover{}.WithDefaults()})
	require.NoError(t, err)
	assert.Equal(t, later.Replace(b.String())+"more: {}\n", string(back.Output))
	assert.NotContains(t, back.Diff("values.yaml"), "hunter2")
}
