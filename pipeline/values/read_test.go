package values_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	require.NoError(t, os.WriteFile(large, bytes.Repeat([]byte("a: 1 # filler\n"), 50<<20/14), 0o600))
	tests := map[string]struct{ path, says, remedy string }{
		"a directory": {dir, "it is a directory", "values.yaml"},
		"missing":     {filepath.Join(dir, "none.yaml"), "no such file", "check the path"},
		"50 MB":       {large, "larger than 10 MiB", "one release"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := values.Read(test.path)
			require.ErrorContains(t, err, test.says)
			assert.ErrorContains(t, err, test.path)
			assert.Contains(t, fault.RemedyOf(err), test.remedy)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.Less(t, time.Since(start), 5*time.Second)
		})
	}
}

func TestReadFromAStream(t *testing.T) {
	t.Parallel()
	f, err := values.ReadFrom("<stdin>", iotest.OneByteReader(strings.NewReader("hue: {a: ü}\n")))
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"hue": map[string]any{"a": "ü"}}, f.Values())
	_, err = values.ReadFrom("<stdin>", iotest.ErrReader(errors.New("broken pipe")))
	assert.ErrorContains(t, err, `reading "<stdin>": broken pipe`)
	_, err = values.ReadFrom("<stdin>", strings.NewReader("hue: ]\n"))
	require.ErrorContains(t, err, `parsing "<stdin>": line 1, column 6: `)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}

// TestParseNamesThePlace is about forms of YAML besides the corpus' bad- files.
func TestParseNamesThePlace(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 10_000)
	tests := map[string]struct{ source, says string }{
		"deep nesting":          {"a: " + deep, "line 1, column 502: nested more than 500 levels deep"},
		"infinity":              {"a:\n  b: .inf\n", "line 2, column 6: .inf can't be passed to a chart"},
		"a number's tag":        {"a: !!int x\n", "line 1, column 4: the tag !!int isn't supported"},
		"a null key":            {"~: 1\n", "line 1, column 1: a key is null"},
		"a list as key":         {"[a]: 1\n", "line 1, column 1: a key is a list"},
		"an explicit key":       {"? a\n: b\n", "line 1, column 1: a key written with '?'"},
		"a merge of text":       {"a: {<<: b}\n", "line 1, column 9: << needs a mapping"},
		"a value after a value": {"ünï: a: b\n", "line 1, column 7: a mapping can't begin here"},
		"a carriage return":     {"a: b\rc: d\n", "line 1, column 5: a carriage return"},
		"a control character":   {"a: b\n\x01", "line 2, column 1: the control character U+0001"},
		"an anchor in itself":   {"a: &a {b: *a}\n", "line 1, column 11: the alias is inside the anchor"},
		"an open bracket":       {"a: 1\nb: [1,\n  2\n", "line 2, column 4: the bracket is never closed"},
		"a stray bracket":       {"a: 1]\nb: ]\n", "line 2, column 4: a value can't begin with ']'"},
		"a directive":           {"%TAG ! x\n---\na: 1\n", "line 1, column 1: a YAML directive"},
		"a scalar":              {"just text\n", "line 1, column 1: the top level is a value"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := values.Parse("values.yaml", []byte(test.source))
			require.ErrorContains(t, err, `parsing "values.yaml": `+test.says)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.NotEmpty(t, fault.RemedyOf(err))
		})
	}
}

func TestManyAliasesAreFineAsLongAsHelmTakesThem(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("x: &x {endpoint: a, repository: b, provider: c, interval: d}\nlist:\n")
	for range 5_000 {
		b.WriteString("  - *x\n")
	}
	f, err := values.Parse("values.yaml", []byte(b.String()))
	require.NoError(t, err)
	require.NotNil(t, f.Values())
	assert.Len(t, f.Values()["list"], 5_000)
}
