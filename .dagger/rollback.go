package main

import "context"

// Goes back to Zot, also days after the cutover: Zot on, what ECR has copied to it, the values of before
//
// The values come from the cluster, where the cutover kept them. What is in ECR stays there.
//
// +cache="never"
func (t *Target) Rollback(
	ctx context.Context,
	// Leave in ECR what only ECR has; needs neither AWS nor the chart.
	//
	// +optional
	noCopyBack bool,
	// Give the report also when the way back fails.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	back := *t
	if noCopyBack {
		back.Flags = append([]string{"--no-copy-back"}, t.Flags...)
	}
	return back.stage(ctx, "rollback", anyway(reportAnyway))
}
