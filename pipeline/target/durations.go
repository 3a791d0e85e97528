package target

import (
	"regexp"
	"time"
)

// What the API server takes for spec.interval and spec.timeout of an OCIRepository
// (fluxcd/source-controller api/v1/ocirepository_types.go).
var (
	intervals = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`)
	timeouts  = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m))+$`)
)

// IsInterval reports whether Flux takes a text as an interval.
func IsInterval(text string) bool { return intervals.MatchString(text) && readable(text) }

// IsTimeout reports whether Flux takes a text as a timeout.
func IsTimeout(text string) bool { return timeouts.MatchString(text) && readable(text) }

// readable reports whether source-controller can read what the API server let pass: some 292 years are the most.
func readable(text string) bool {
	_, err := time.ParseDuration(text)
	return err == nil
}

// CheckDurations returns an error for an interval or a timeout that Flux would refuse. Empty ones are not given.
func CheckDurations(interval, timeout string) error {
	switch {
	case interval != "" && !IsInterval(interval):
		return wrong("write for example 5m", "the interval %q is not a duration that Flux takes", interval)
	case timeout != "" && !IsTimeout(timeout):
		return wrong("write for example 60s; Flux takes no hours here", "the timeout %q is not a duration that Flux takes", timeout)
	}
	return nil
}

// CheckNamespace returns an error for what can't be the name of a namespace.
func CheckNamespace(name string) error {
	if name != "" && !namePattern.MatchString(name) {
		return wrong("give the release's namespace as helm list shows it: lower-case letters, digits and '-'", "%q is not a valid name of a namespace", name)
	}
	return nil
}
