package main

import (
	"context"
	"slices"
)

// Where the installation stands, and what to do next; it only reads, and needs neither AWS nor values
//
// +cache="never"
func (t *Target) Status(
	ctx context.Context,
	// Give the report also when it could not look everywhere.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	return t.about(ctx, "status", anyway(reportAnyway))
}

// Finds what points back to Zot, or has credentials again: then it fails with exit code two. It needs no values, and AWS only with ecr
//
// +cache="never"
func (t *Target) Drift(
	ctx context.Context,
	// Look in ECR too whether what clusters read is archived, or soon will be.
	//
	// +optional
	ecr bool,
	// Give the report also when there is drift, for a job that keeps it.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	return t.about(ctx, "drift", anyway(reportAnyway), switches{{"ecr", ecr}}.args()...)
}

// Ends the cutover for good, once it is proven again: the journal with Zot's password goes, and the rollback with it
//
// +cache="never"
func (t *Target) Finish(
	ctx context.Context,
	// Give the report also when it refuses or fails.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	return t.about(ctx, "finish", anyway(reportAnyway))
}

// about runs a command on an installation, whatever its values are: it takes nothing that was chosen for a cutover.
func (t *Target) about(ctx context.Context, name string, tolerant anyway, own ...string) (*Report, error) {
	c, err := t.Module.container(ctx)
	if err != nil {
		return nil, err
	}
	return t.live(ctx, command{container: c, args: slices.Concat([]string{name}, own, t.Module.Flags)}, tolerant)
}
