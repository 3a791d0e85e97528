package syntax_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// library reads all documents with the YAML library.
func library(source string) ([]*yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(source))
	var documents []*yaml.Node
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		documents = append(documents, document.Content[0])
	}
}

// differs says how two trees differ, "" if they don't.
func differs(s *syntax.Stream, ours *syntax.Node, theirs *yaml.Node) string {
	if ours == nil {
		if theirs.Kind == yaml.ScalarNode && theirs.Value == "" {
			return ""
		}
		return "an empty document"
	}
	kinds := map[yaml.Kind]syntax.Kind{yaml.ScalarNode: syntax.Scalar, yaml.MappingNode: syntax.Mapping, yaml.SequenceNode: syntax.Sequence, yaml.AliasNode: syntax.Alias}
	line, column := s.Position(ours.Start)
	where := fmt.Sprintf("at %d:%d (theirs %d:%d)", line, column, theirs.Line, theirs.Column)
	if ours.Kind != kinds[theirs.Kind] {
		return fmt.Sprintf("%s: kind %v, theirs %v", where, ours.Kind, kinds[theirs.Kind])
	}
	if ours.Kind == syntax.Scalar || ours.Kind == syntax.Alias {
		if ours.Value != theirs.Value {
			return fmt.Sprintf("%s: value %q, theirs %q", where, ours.Value, theirs.Value)
		}
		quoted := theirs.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
		if ours.Kind == syntax.Scalar && quoted != (ours.Style != syntax.Plain) {
			return fmt.Sprintf("%s: style %v, theirs %v", where, ours.Style, theirs.Style)
		}
	}
	if ours.Anchor() != theirs.Anchor {
		return fmt.Sprintf("%s: anchor %q, theirs %q", where, ours.Anchor(), theirs.Anchor)
	}
	written := ours.Kind != syntax.Scalar || ours.End > ours.Start
	if written && ours.Style != syntax.Pair && (line != theirs.Line || column != theirs.Column) {
		return where + ": position"
	}
	if len(ours.Children) != len(theirs.Content) {
		return fmt.Sprintf("%s: %d children, theirs %d", where, len(ours.Children), len(theirs.Content))
	}
	for i := range ours.Children {
		if d := differs(s, ours.Children[i], theirs.Content[i]); d != "" {
			return d
		}
	}
	return ""
}

// agree fails if we accept what the library reads differently or not at all. It reports whether we accept.
func agree(t *testing.T, source string) bool {
	t.Helper()
	stream, err := syntax.Parse(source)
	if err != nil {
		var e *syntax.Error
		require.ErrorAs(t, err, &e)
		return false
	}
	documents, err := library(source)
	if err != nil {
		t.Fatalf("we accept what the library refuses: %v\n%q", err, source)
	}
	if len(documents) != len(stream.Documents) {
		t.Fatalf("%d documents, theirs %d\n%q", len(stream.Documents), len(documents), source)
	}
	for i, document := range stream.Documents {
		if d := differs(stream, document.Root, documents[i]); d != "" {
			t.Fatalf("document %d: %s\n%q", i, d, source)
		}
	}
	spans(t, stream)
	return true
}

// spans checks what the library can't tell: that nodes lie in the source, inside one another and in order.
func spans(t *testing.T, s *syntax.Stream) {
	t.Helper()
	for _, n := range s.Nodes {
		if n.Start < 0 || n.End < n.Start || n.End > len(s.Source) {
			t.Fatalf("a node lies at %d-%d\n%q", n.Start, n.End, s.Source)
		}
		if text := s.Source[n.Start:n.End]; strings.TrimRight(text, "\r\n") != text && n.Style != syntax.Literal && n.Style != syntax.Folded && n.Style != syntax.Block {
			t.Fatalf("a node ends with a line break: %q\n%q", text, s.Source)
		}
		last := n.Start
		for _, child := range n.Children {
			if child.Start < last || child.End > n.End {
				t.Fatalf("a child at %d-%d in its parent at %d-%d, the last ended at %d\n%q", child.Start, child.End, n.Start, n.End, last, s.Source)
			}
			last = child.End
		}
	}
}

func corpus(t testing.TB) map[string]string {
	files := map[string]string{}
	for _, pattern := range []string{"testdata/*.yaml", "../../../fixtures/values/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			files[path] = string(data)
		}
	}
	return files
}

var samples = []string{
	"", "a: 1\n", "a: 1", "- a\n- b\n", "a:\n- b\n- c\nd: e\n", "a:\n  - b:\n      c: d\n    e: f\n  - g\n",
	"a: |\n  x\n   y\n\n  z\n\nb: >-\n  folded\n  text\n\n    more\n  end\nc: |+\n  keep\n\n\nd: 1\n",
	"a: &x {b: 1, 'c': \"d\\n\", e: [1, 2, {f: g}], }\nb: *x\nc:\n  <<: *x\n  b: 2\n",
	"a: 'it''s'\nb: \"tab\\tq\\\"\\u00e9\"\nc: plain # comment\nd: http://x:80/#y\n",
	"a: multi\n  line\n\n  plain\nb: 'multi\n  line\n\n  single'\nc: \"multi\\\n    line\n  double \"\n",
	"--- # first\na: 1\n...\n---\nb: 2\n---\n", "%YAML 1.1\n---\na: 1\n", "\ufeffa: 1\r\nb:\r\n  - c\r\n",
	"a: !!str 1\nb: !local {c: d}\nc: &anchor\n  d: e\n&k f: g\n", "{\"a\": {\"b\": [1,2]},\n \"c\": null}\n", "[a: b, c]", "a:\t1\nb: 2\t# tab\t\n",
	"a: |2\n    x\n   y\nb: >1\n x\n\n y\n", "- - a\n  - b\n-\n  c: d\n- e: f\n  g: h\n", "a:\n\n  # c\n\n  b: 1\n# end", "a: - b\n", "a: b: c\n", "a: 1\na: 2\n",
	"a: [b\n  , c]\nd: {e: f\n}\n", "a: *x\n", "a: &x [*x]\n", "\ta: 1\n", "a:\n\tb: 1\n", "key with spaces: v\n? a\n: b\n", "é: ü # ö\n", "a: \"\\x41\\N\\_\"", "a: - \n", "-\n-\n",
	"a: '\n  x'\nb: |\n\n  x\n   \n", "a: >\n\n\n  x\n y: 1\n", "a: |\n x\n\ty\n", "a: &a\nb: *a\n", "a: !!str\n  x\n", "a: x\n - y\n", "---\n- a\n---\n", "--- a\n", "--- |\n x\n",
	"a: {b: }\n", "a: {b, c}\n", "a: [ , ]\n", "a: [x,,y]\n", "a: {? b}\n", "a: {b: c d, e:f, \"g\":h}\n", "a: \"x\"y\n", "a: 'x'#y\n", "a: @x\n", "a: %x\n", "%x", "a: `x\n",
}

func TestAgreesWithTheLibrary(t *testing.T) {
	t.Parallel()
	for _, source := range samples {
		agree(t, source)
		agree(t, strings.ReplaceAll(source, "\n", "\r\n"))
	}
	for path, source := range corpus(t) {
		if !strings.Contains(path, "bad-") && !agree(t, source) {
			_, err := syntax.Parse(source)
			t.Errorf("%s is refused: %v", path, err)
		}
	}
}

func FuzzAgrees(f *testing.F) {
	for _, source := range samples {
		f.Add(source)
	}
	for _, source := range corpus(f) {
		if len(source) < 4096 {
			f.Add(source)
		}
	}
	f.Fuzz(func(t *testing.T, source string) { agree(t, source) })
}
