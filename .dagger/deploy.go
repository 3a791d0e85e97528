package main

import "context"

// The release with its new values: PaletteAI uses ECR, and Zot still runs beside it
type Deployment struct {
	// What was deployed and restarted.
	Report *Report

	// +private
	Target *Target
}

// Gives the release its new values, and restarts what reads them at start; a release that has them is left alone
//
// +cache="never"
func (c *Copied) Deploy(
	ctx context.Context,
	// Give the report also when the stage fails, or that of the stage before it which did; the next one then refuses.
	//
	// +optional
	reportAnyway bool,
) (*Deployment, error) {
	report, err := c.Target.next(ctx, c.Report, "deploy", anyway(reportAnyway))
	if err != nil {
		return nil, err
	}
	return &Deployment{Report: report, Target: c.Target}, nil
}

// What the stage did, as text
func (d *Deployment) Summary() string { return d.Report.Summary }
