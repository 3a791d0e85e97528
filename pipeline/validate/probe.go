package validate

import (
	"context"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"

	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Probe does before the switch what Pull does after it: canaries show that source-controller can fetch from the
// destination. Of what the workloads have, only their namespaces and ServiceAccounts count: what else they have is still
// Zot's, such as its authority. Only what is in the destination already is fetched.
func Probe(ctx context.Context, c Cluster, config Config) (report.Proof, []journal.Leftover) {
	p := config.prover(report.ProofPull, c)
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	listed, unlisted := p.list(ctx)
	if unlisted != nil {
		return *unlisted, nil
	}
	there := map[string]bool{}
	if p.Images != nil {
		images, err := p.Images(ctx)
		if err != nil {
			return p.unproven("what is in the destination can't be seen", p.unseen(err)), nil
		}
		for _, image := range images {
			there[image.Digest] = true
		}
	}
	var plain []sourcev1.OCIRepository
	for _, r := range p.expectation().workloads(listed) {
		kept := sourcev1.OCIRepository{}
		kept.Namespace, kept.Spec.ServiceAccountName = r.Namespace, r.Spec.ServiceAccountName
		if there[digestOf(&r)] {
			kept.Status.Artifact = r.Status.Artifact
		}
		plain = append(plain, kept)
	}
	return p.pull(ctx, plain)
}
