package preflight

import (
	"context"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/fleet"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const ruleUnreached = "P02"

func clusterRules() []report.Rule {
	return []report.Rule{{
		ID: ruleUnreached, Severity: report.Error,
		Title:  "A cluster doesn't answer",
		Why:    "Of a cluster that can't be reached nothing can be proven, so Zot could not be turned off; and its workloads would be switched without anybody who sees whether they still pull.",
		Source: "docs/proofs.md (unknown is never success)",
		Fix:    "reach it: address, VPN, credentials in its kubeconfig; or leave the spoke out knowingly with --without-spoke",
	}}
}

// lookAtClusters reports the spokes that did not answer when the run connected.
func lookAtClusters(_ context.Context, l *looker) {
	for _, c := range l.World.Spokes {
		if err := l.World.Unreached[c.Name]; err != nil {
			l.find(ruleUnreached, report.Error, report.Place{Cluster: c.Name}, fault.RemedyOf(err)+"; or leave it out knowingly with --without-spoke "+c.Name+": "+fleet.Loses, "%v", err)
		}
	}
}
