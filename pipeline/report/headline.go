package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// headline says what is true now, as far as the command found out, or else how it ended.
func headline(r *Report) string {
	if r.Now != nil {
		return r.Now.sentence()
	}
	return outcome(r)
}

// outcome says in a few words how the command ended, and how long it took.
func outcome(r *Report) string {
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

// seconds is clock for a number of seconds.
func seconds(s float64) string { return clock(time.Duration(s * float64(time.Second))) }

// size writes a number of bytes as people say it.
func size(bytes int64) string {
	const unit = 1024
	if bytes < unit {
		return Counted(int(bytes), "byte")
	}
	value, prefix := float64(bytes)/unit, 0
	for value >= unit && prefix < len("KMGTP")-1 {
		value, prefix = value/unit, prefix+1
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTP"[prefix])
}
