package cli

import "github.com/spf13/cobra"

// commands lists every command, in the order in which a person meets them.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.renderCommand(),
		a.lintCommand(),
		a.policiesCommand(),
		a.preflightCommand(),
		a.planCommand(),
		a.runCommand(),
		a.copyCommand(),
		a.stageCommand("deploy", "Give the release its new values, and restart what reads them at start", deployHelp),
		a.stageCommand("validate", "Prove that clusters pull from ECR and that hue pushes to it", validateHelp),
		a.disableZotCommand(),
		a.rollbackCommand(),
		a.statusCommand(),
		a.driftCommand(),
		a.keepWarmCommand(),
		a.finishCommand(),
		a.copyInPodCommand(),
		rehearseCommand(),
		a.versionCommand(),
	}
}

const (
	copyHelp = `Copies every artifact from the source registry, as the live release names it, to ECR: all tags, digests
that clusters use without a tag, children of indexes, and referrers. Digests are kept. The source is only read. What is
in ECR already costs one request; a second run writes nothing. At the end everything is re-read from ECR: the closure
proof.

With --in-cluster a Job beside Zot does it, so that no artifact goes through this machine; with --shards in several pods.
Nothing of it is left behind. Or give each of several machines a --shard, such as 2/4.

  palette-ecr copy --values values.yaml --endpoint oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette`

	deployHelp = `Upgrades mural-crds (when --crds-version is given), then mural, with exactly the rendered values, and
restarts hue and source-controller when their settings or identity changed. The old values are kept before, in the
Secret palette-ecr-journal. A release that has these values already is left alone.

  palette-ecr deploy --values values.yaml --endpoint … --role-arn … --crds-version 0.7.4`

	validateHelp = `Proves, on the hub and on every spoke given with --spoke, that every workload OCIRepository is Ready from
exactly ECR's URL with a digest that ECR has (ready), that source-controller can fetch a canary from ECR under its own
identity (pull), that hue pushed to ECR since the switch (push), and that nothing else names Zot (unused). Proofs count
for an hour and are kept in the cluster; while they do, only what can be seen without a write is looked at again.

  palette-ecr validate --values values.yaml --endpoint … --role-arn … --spoke name=spoke-1,kubeconfig=spoke-1.yaml`

	disableZotHelp = `Sets zot.enabled to false in the values and deploys them. Refuses unless every proof (rendered, closure,
ready, pull, push, unused) is held and fresh. Zot's volume stays. On a terminal it shows what goes with Zot, and asks.

  palette-ecr disable-zot --values values.yaml --endpoint … --role-arn …`
)
