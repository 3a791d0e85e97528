package copy

import (
	"fmt"
	"strings"
)

// Side is one end of a copy.
type Side string

const (
	FromSource    Side = "source"
	ToDestination Side = "destination"
)

// Error is a failure at one side: which side broke, doing what, to what.
type Error struct {
	Side       Side
	Op         string // what was being done, for example "reading manifest"
	What       string // the tag or digest
	Repository string // oci://host/path
	Err        error
}

func (e *Error) Error() string {
	preposition := "from"
	if !strings.HasPrefix(e.Op, "reading") && !strings.HasPrefix(e.Op, "listing") {
		preposition = "in"
	}
	if strings.HasPrefix(e.Op, "writing") {
		preposition = "to"
	}
	what := ""
	if e.What != "" {
		what = fmt.Sprintf(" %q", e.What)
	}
	return fmt.Sprintf("%s%s %s the %s %q: %v", e.Op, what, preposition, e.Side, e.Repository, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
