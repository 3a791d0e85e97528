package main

import "context"

// Looks at all that later stages need, and writes nothing; what may not be looked at is unproven, which is exit code four
//
// +cache="never"
func (t *Target) Preflight(
	ctx context.Context,
	// Give the report also when something stands in the way, or that of the stage before it which failed.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	return t.next(ctx, t.Linted, "preflight", anyway(reportAnyway))
}
