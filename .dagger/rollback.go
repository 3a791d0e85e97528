package main

import (
	"context"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// Says where a cutover was made that is to be undone: it needs no values, and whatever became of them doesn't matter
//
// +cache="session"
func (m *PaletteEcr) Installed(
	// Kubeconfig of the hub, for example file://kubeconfig.
	kubeconfig *dagger.Secret,
	// Its context; the current one when empty.
	//
	// +optional
	context string,
	// Who applies the release: helm or flux, which needs the manifest; helm when empty.
	//
	// +optional
	managedBy string,
	// Longest time for each wait in a cluster, for example 5m.
	//
	// +optional
	timeout string,
) *Target {
	const message = "these values were not linted: only rollback goes on from here\n  next   take the target from `render lint target`"
	unlinted := &Report{
		Command: []string{"palette-ecr", "lint"}, ExitCode: wrongUse, Summary: message, Message: message,
		Files: dag.Directory().WithNewFile("report.txt", message).WithNewFile("exit-code", exitCode(wrongUse)),
	}
	return m.target(unlinted, kubeconfig, context, managedBy, timeout, "")
}

// Goes back to Zot, also days after the cutover: what ECR has copied to it, the registry settings of before
//
// The settings come from the cluster, where the cutover kept them. Other values stay, and so does what is in ECR.
//
// +cache="never"
func (t *Target) Rollback(
	ctx context.Context,
	// Leave in ECR what only ECR has; needs neither AWS nor the chart.
	//
	// +optional
	noCopyBack bool,
	// Give up what was changed in the values since the cutover.
	//
	// +optional
	discardChanges bool,
	// Give the report also when the way back fails.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	args := []string{"rollback"}
	if t.Module.ValuesPath != "" {
		args = append(args, t.Module.ValuesFlag+"="+t.Module.ValuesPath)
	}
	if noCopyBack {
		args = append(args, "--no-copy-back")
	}
	if discardChanges {
		args = append(args, "--discard-changes")
	}
	return t.live(ctx, t.Module.targeted(t.container(), args), anyway(reportAnyway))
}
