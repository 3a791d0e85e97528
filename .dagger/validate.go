package main

import "context"

// The proofs that clusters pull from ECR and that hue pushes to it
type Validation struct {
	// The proofs, with what was seen, where and when.
	Report *Report

	// +private
	Target *Target
}

// Proves, on the hub and on every spoke, that clusters pull from ECR and that hue pushes to it
//
// +cache="never"
func (d *Deployment) Validate(
	ctx context.Context,
	// Give the report also when the stage fails, or that of the stage before it which did; the next one then refuses.
	//
	// +optional
	reportAnyway bool,
) (*Validation, error) {
	report, err := d.Target.next(ctx, d.Report, "validate", anyway(reportAnyway))
	if err != nil {
		return nil, err
	}
	return &Validation{Report: report, Target: d.Target}, nil
}

// Turns Zot off, given fresh proofs; its volume stays
//
// +cache="never"
func (v *Validation) DisableZot(
	ctx context.Context,
	// Give the report also when the stage fails, or that of the stage before it which did.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	return v.Target.next(ctx, v.Report, "disable-zot", anyway(reportAnyway))
}

// What the stage did, as text
func (v *Validation) Summary() string { return v.Report.Summary }
