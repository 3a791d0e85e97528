package main

import (
	"context"
	"slices"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// Says where a cutover was made, for rollback, status, drift and finish: they need no values, whatever became of them
//
// +cache="session"
func (m *PaletteEcr) Installed(
	// Kubeconfig of the hub, for example file://kubeconfig; or give eks-cluster.
	//
	// +optional
	kubeconfig *dagger.Secret,
	// Its context; the current one when empty.
	//
	// +optional
	context string,
	// Name of the hub in Amazon EKS, NAME or NAME,region=REGION: it is reached with the AWS credentials, without a kubeconfig.
	//
	// +optional
	eksCluster string,
	// Who applies the release: helm, or flux, which needs the manifest; helm when empty.
	//
	// +optional
	managedBy ManagedBy,
	// Longest time for each wait in a cluster, for example 5m.
	//
	// +optional
	timeout string,
) (*Target, error) {
	before := refusal("going on from installed: these values were not linted, and only rollback, status, drift and finish go on from here", "take the target from `render lint target`")
	t, err := m.target(before, kubeconfig, context, eksCluster)
	if err != nil {
		return nil, err
	}
	return t.always(flags{{"managed-by", string(managedBy)}, {"timeout", timeout}}.args()...), nil
}

// Goes back to Zot, also days after the cutover: copies to it what ECR has, and restores the previous registry settings
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
	// Spokes that are left behind, since they can't be reached for example.
	//
	// +optional
	leaveSpoke []string,
	// Spokes to finish on, which an earlier rollback has left behind.
	//
	// +optional
	onlySpoke []string,
	// Take mural-crds back too: older CRDs can lose what newer ones have stored.
	//
	// +optional
	crds bool,
	// Only show what would change, and change nothing; changes are no failure.
	//
	// +optional
	preview bool,
	// Give the report also when the rollback fails.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	m := t.Module
	args := []string{"rollback"}
	if m.Input.Path != "" {
		named, err := m.Input.args()
		if err != nil {
			return nil, err
		}
		args = append(args, named...)
	}
	args = slices.Concat(args, m.targetFlags(), t.chosen(false),
		switches{{"no-copy-back", noCopyBack}, {"discard-changes", discardChanges}, {"crds", crds}, {"preview", preview}}.args(),
		each("leave-spoke", leaveSpoke), each("only-spoke", onlySpoke))
	c, err := m.container(ctx)
	if err != nil {
		return nil, err
	}
	call := command{container: c, args: args}
	if !preview {
		return t.live(ctx, call, anyway(reportAnyway))
	}
	report, err := t.live(ctx, call, anyway(true))
	if err != nil {
		return nil, err
	}
	return report.foreseen(anyway(reportAnyway))
}
