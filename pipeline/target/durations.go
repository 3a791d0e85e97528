package target

import "regexp"

// What the API server takes for spec.interval and spec.timeout of an OCIRepository
// (fluxcd/source-controller api/v1/ocirepository_types.go).
var (
	Interval = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`)
	Timeout  = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m))+$`)
)

// CheckDurations returns an error for an interval or a timeout that Flux would refuse. Empty ones are not given.
func CheckDurations(interval, timeout string) error {
	switch {
	case interval != "" && !Interval.MatchString(interval):
		return wrong("write for example 5m", "the interval %q is not a duration that Flux takes", interval)
	case timeout != "" && !Timeout.MatchString(timeout):
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
