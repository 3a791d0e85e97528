package values_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// FuzzRender renders anything. The editor may refuse what it was given, but must not make a mistake: its own
// check (code Failed) must never find one, and rendering the result again must change nothing.
func FuzzRender(f *testing.F) {
	for _, path := range corpus(f) {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for mode := range byte(4) {
			f.Add(string(data), mode)
		}
	}
	base := settings(f)
	f.Fuzz(func(t *testing.T, source string, mode byte) {
		s := base
		if mode&1 != 0 {
			s.Identity = target.Identity{Mode: target.PodIdentity}
		}
		if mode&2 != 0 {
			s.DisableZot, s.Interval = true, "1m"
		}
		if mode&4 != 0 {
			s.ChartDefaults = nil
		}
		checkRender(t, source, s)
	})
}

// checkRender holds what must be true of any source. It reports whether the source was rendered.
func checkRender(t *testing.T, source string, s values.Settings) (*values.Rendered, bool) {
	t.Helper()
	f, err := values.Parse("values.yaml", []byte(source))
	if err != nil {
		refusal(t, source, err)
		return nil, false
	}
	if root, ok := f.Root(); ok && !reflect.DeepEqual(root.Value(), any(f.Values())) {
		t.Fatalf("we decode %v, Helm %v\n%q", root.Value(), f.Values(), source)
	}
	r, err := f.Render(s)
	if err != nil {
		refusal(t, source, err)
		return nil, false
	}
	again, err := values.Parse("values.yaml", r.Output)
	if err != nil {
		t.Fatalf("the result can't be read: %v\n%q\n%q", err, source, r.Output)
	}
	twice, err := again.Render(s)
	if err != nil {
		t.Fatalf("the result can't be rendered: %v\n%q\n%q", err, source, r.Output)
	}
	if string(twice.Output) != string(r.Output) {
		t.Fatalf("rendering again changes something\n%q\n%q\n%q", source, r.Output, twice.Output)
	}
	if changed := string(r.Output) != source; changed != (len(r.Changes) > 0) || changed != (r.Diff("x") != "") {
		t.Fatalf("changed: %v, but %d changes and the diff %q\n%q", changed, len(r.Changes), r.Diff("x"), source)
	}
	return r, true
}

func refusal(t *testing.T, source string, err error) {
	t.Helper()
	if fault.CodeOf(err) != fault.Usage || fault.RemedyOf(err) == "" || strings.Contains(err.Error(), "\n") {
		t.Fatalf("%v (%v)\n%q", err, fault.RemedyOf(err), source)
	}
}
