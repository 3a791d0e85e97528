package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
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

// headline is the result in a few words, from the exit code and how long it took.
func headline(r *Report) string {
	took := ""
	if d := r.FinishedAt.Sub(r.StartedAt); d >= 100*time.Millisecond {
		took = " after " + clock(d)
	}
	switch r.ExitCode {
	case fault.Done:
		if took == "" {
			return "Done"
		}
		return "Done in" + strings.TrimPrefix(took, " after")
	case fault.Failed:
		return "Failed" + took
	case fault.Pending:
		return "Changes are pending"
	case fault.Refused:
		if len(r.Stages) == 0 {
			return "Errors found"
		}
		return "Refused" + took
	case fault.Unproven:
		return "Not proven" + took
	case fault.Usage:
		return "Wrong use"
	}
	return "Ended with " + r.ExitCode.String() + took
}

// clock writes a duration as short as people say it: 0.4s, 12s, 1m04s, 2h03m.
func clock(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Truncate(time.Second).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// seconds is clock for a stage's Seconds.
func seconds(s float64) string { return clock(time.Duration(s * float64(time.Second))) }
