package revert

import (
	"bytes"
	"fmt"

	"github.com/pmezard/go-difflib/difflib"
)

// lines splits text behind every line break.
func lines(data []byte) []string {
	var all []string
	for _, line := range bytes.SplitAfter(data, []byte("\n")) {
		if len(line) > 0 {
			all = append(all, string(line))
		}
	}
	return all
}

// change puts lines [from, to) of the base in place of others.
type change struct {
	from, to int
	text     []string
}

func changes(base, other []string) []change {
	var all []change
	matcher := difflib.NewMatcherWithJunk(base, other, false, nil)
	for _, op := range matcher.GetOpCodes() {
		if op.Tag != 'e' {
			all = append(all, change{op.I1, op.I2, other[op.J1:op.J2]})
		}
	}
	return all
}

// merge makes of base the file with the changes of both, which may not touch the same lines.
func merge(base, ours, theirs []string) ([]byte, error) {
	var out bytes.Buffer
	at := 0
	put := func(text []string) {
		for _, line := range text {
			out.WriteString(line)
		}
	}
	a, b := changes(base, ours), changes(base, theirs)
	for len(a)+len(b) > 0 {
		var next change
		switch {
		case len(a) > 0 && len(b) > 0 && overlap(a[0], b[0]):
			return nil, fmt.Errorf("what was changed later is in what render wrote: %s", describe(a[0], base))
		case len(b) == 0 || len(a) > 0 && (a[0].from < b[0].from || a[0].from == b[0].from && a[0].from == a[0].to):
			next, a = a[0], a[1:]
		default:
			next, b = b[0], b[1:]
		}
		put(base[at:next.from])
		put(next.text)
		at = next.to
	}
	put(base[at:])
	return out.Bytes(), nil
}

// overlap reports whether two changes share a line, or add something at the same gap between lines. Side by
// side they may be: whether the result is right is proven by rendering it.
func overlap(a, b change) bool {
	if a.from == a.to && b.from == b.to {
		return a.from == b.from
	}
	return a.from < b.to && b.from < a.to
}

// describe names the place of a change without showing its lines, which may hold secrets.
func describe(c change, base []string) string {
	if c.from >= len(base) {
		return "at the end of the file"
	}
	return fmt.Sprintf("near line %d of the rendered original", c.from+1)
}
