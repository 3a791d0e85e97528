package main

import "context"

// ECR, with everything in it that Zot has
type Copied struct {
	// What was copied, and the proof of the closure.
	Report *Report

	// +private
	Target *Target
}

// Copies every artifact from Zot to ECR, digests kept, and proves that all of it is there
//
// +cache="never"
func (t *Target) Copy(
	ctx context.Context,
	// Give the report also when the stage fails, or that of the stage before it which did; the next one then refuses.
	//
	// +optional
	reportAnyway bool,
) (*Copied, error) {
	report, err := t.next(ctx, t.Linted, "copy", anyway(reportAnyway))
	if err != nil {
		return nil, err
	}
	return &Copied{Report: report, Target: t}, nil
}

// What the stage did, as text
func (c *Copied) Summary() string { return c.Report.Summary }
