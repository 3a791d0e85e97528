package validate

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// line is one line of Hue's log. Hue's real format is not public: JSON of zap and controller-runtime, logfmt,
// klog, zap's console form and plain text are all understood as far as this needs.
type line struct {
	time    time.Time // zero when unknown
	failed  bool      // its level is error or worse
	text    string    // message, and error after a colon
	pushed  bool      // it says that a push worked
	concern bool      // it is about pushing, of OCI, or of the registry
}

var (
	pushing = regexp.MustCompile(`(?i)\bpush(?:ed|es|ing)?\b`)
	aboutUs = regexp.MustCompile(`(?i)\bpush(?:ed|es|ing)?\b|\boci\b|oci://|\bartifact|\bregistry\b|\brepository\b|\.ecr[.-]|\bECR\b|public\.ecr\.aws|\bmanifest\b|\bblob\b|\bsts\b|\bWebIdentity`)
	// Levels in text: klog's E1121 10:20:30, logfmt's level=error (and JSON that was cut off), and words in capitals that stand alone.
	klogLevel   = regexp.MustCompile(`^[EF]\d{4} \d{2}:\d{2}:\d{2}`)
	klogAny     = regexp.MustCompile(`^[IWEF]\d{4} \d{2}:\d{2}:\d{2}`)
	logfmtLevel = regexp.MustCompile(`(?i)\b(?:level|lvl|severity)"?[=:]\s?"?(\w+)`)
	wordLevel   = regexp.MustCompile(`(?:^|[\s\[|])(DEBUG|INFO|WARN|WARNING|ERROR|FATAL|PANIC|DPANIC)(?:[\s\]|:]|$)`)
)

// parseLine reads one line of a pod's log as the API server gives it with timestamps: the time, a blank, and
// what the container wrote. Without that time the line's own is taken, where it is known.
func parseLine(raw string) line {
	raw = strings.ToValidUTF8(strings.TrimRight(raw, "\r\n"), "\uFFFD")
	l := line{}
	if stamp, rest, found := strings.Cut(raw, " "); found {
		if at, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
			l.time, raw = at, rest
		}
	}
	if !l.readJSON(raw) {
		l.readText(raw)
	}
	l.concern = aboutUs.MatchString(l.text)
	l.pushed = !l.failed && pushing.MatchString(l.text)
	return l
}

// readJSON understands the names that zap, controller-runtime, slog, logrus and zerolog give to fields.
func (l *line) readJSON(raw string) bool {
	if !strings.HasPrefix(strings.TrimSpace(raw), "{") {
		return false
	}
	var fields map[string]any
	if json.Unmarshal([]byte(raw), &fields) != nil {
		return false
	}
	level := field(fields, "level", "severity", "lvl", "L")
	message, failure := field(fields, "msg", "message", "M"), field(fields, "error", "err")
	l.failed = isError(level) || (level == "" && failure != "")
	l.text = message
	if failure != "" {
		l.text = strings.TrimPrefix(message+": "+failure, ": ")
	}
	for _, more := range []string{"url", "repository", "endpoint", "registry", "artifact", "reference", "image", "tag", "revision", "digest"} {
		if value := field(fields, more); value != "" {
			l.text += " " + value
		}
	}
	if l.time.IsZero() {
		l.time, _ = time.Parse(time.RFC3339Nano, field(fields, "ts", "time", "timestamp", "T"))
	}
	return true
}

func field(fields map[string]any, names ...string) string {
	for _, name := range names {
		switch value := fields[name].(type) {
		case nil:
		case string:
			return value
		default:
			return fmt.Sprint(value)
		}
	}
	return ""
}

func (l *line) readText(raw string) {
	l.text = raw
	switch {
	case klogAny.MatchString(raw):
		l.failed = klogLevel.MatchString(raw)
	case logfmtLevel.MatchString(raw):
		l.failed = isError(logfmtLevel.FindStringSubmatch(raw)[1])
	case wordLevel.MatchString(raw):
		l.failed = isError(wordLevel.FindStringSubmatch(raw)[1])
	default:
		l.failed = strings.HasPrefix(strings.ToLower(raw), "error") || strings.HasPrefix(raw, "panic:")
	}
}

func isError(level string) bool {
	switch strings.ToLower(level) {
	case "error", "err", "fatal", "panic", "dpanic", "critical", "alert", "emergency":
		return true
	}
	return false
}
