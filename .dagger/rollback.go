package main

import (
	"context"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// Says where a cutover was made that is to be undone: it needs no values, and whatever became of them doesn't matter
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
	before := refusal("going on from installed: these values were not linted, and only rollback goes on from here", "take the target from `render lint target`")
	t, err := m.target(before, kubeconfig, context, eksCluster)
	if err != nil {
		return nil, err
	}
	t.Flags = append(t.Flags, flags{{"managed-by", string(managedBy)}, {"timeout", timeout}}.args()...)
	return t, nil
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
	// Give the report also when the rollback fails.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	m := t.Module
	args := []string{"rollback"}
	if m.Input.Path != "" {
		args = append(args, m.Input.Flag+"="+m.Input.Path)
	}
	args = append(args, m.targetFlags()...)
	if noCopyBack {
		args = append(args, "--no-copy-back")
	}
	if discardChanges {
		args = append(args, "--discard-changes")
	}
	for _, name := range leaveSpoke {
		args = append(args, "--leave-spoke="+name)
	}
	for _, name := range onlySpoke {
		args = append(args, "--only-spoke="+name)
	}
	c, err := m.Container(ctx)
	if err != nil {
		return nil, err
	}
	return t.live(ctx, command{container: c, args: args}, anyway(reportAnyway))
}
