package report

import (
	"strconv"
	"strings"
)

// tally counts what a report holds.
type tally struct {
	Errors, Warnings, Infos, Ignored int
	Held, Failed, Unproven           int
}

func count(r *Report) tally {
	var t tally
	for _, f := range r.Findings {
		switch {
		case f.Ignored != "":
			t.Ignored++
		case f.Severity == Error:
			t.Errors++
		case f.Severity == Warning:
			t.Warnings++
		default:
			t.Infos++
		}
	}
	for _, p := range r.Proofs {
		switch p.Verdict {
		case Held:
			t.Held++
		case Broken:
			t.Failed++
		default:
			t.Unproven++
		}
	}
	return t
}

// String says the counts that are not zero, as in "2 errors, 1 warning, 5 proofs held".
func (t tally) String() string {
	var parts []string
	add := func(n int, one, many string) {
		if n > 0 {
			parts = append(parts, Counted(n, one, many))
		}
	}
	add(t.Errors, "error", "errors")
	add(t.Warnings, "warning", "warnings")
	add(t.Infos, "note", "notes")
	add(t.Ignored, "ignored finding", "ignored findings")
	add(t.Failed, "proof failed", "proofs failed")
	add(t.Unproven, "proof unproven", "proofs unproven")
	add(t.Held, "proof held", "proofs held")
	return strings.Join(parts, ", ")
}

// Counted returns a number with its noun, as in "1 error" and "2 errors". The plural is given where it isn't made with
// an s.
func Counted(n int, one string, many ...string) string {
	switch {
	case n == 1:
		return "1 " + one
	case len(many) > 0:
		return strconv.Itoa(n) + " " + many[0]
	}
	return strconv.Itoa(n) + " " + one + "s"
}
