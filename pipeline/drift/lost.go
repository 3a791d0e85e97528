package drift

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Lost returns a finding for each artifact that a cluster reads and ECR does not give: it is archived, or not there.
func Lost(cluster string, at registry.Repository, used []copy.Reference, there, archived []ecr.Image) []report.Finding {
	f := &finder{}
	active, asleep := named(there), named(archived)
	for _, r := range used {
		name := cmp.Or(r.Digest, r.Tag)
		from, _, _ := strings.Cut(r.From, "@")
		place := report.Place{Cluster: cluster, Object: "OCIRepository " + from}
		switch digest := asleep[name]; {
		case active[name] != "":
		case digest != "":
			f.add("D4", place, fmt.Sprintf("ECR has archived what it reads, %s, and answers 404 for it", name),
				"restore it: `"+ecr.RestoreCommand(at, digest)+"`; take the rule that archives by the last pull out of the lifecycle policy, or run `palette-ecr keep-warm` regularly")
		default:
			f.add("D4", place, fmt.Sprintf("what it reads, %s, is not in %s any more", name, at.URL()),
				"change or redeploy its workload, so that hue pushes it again, and look at the repository's lifecycle policy")
		}
	}
	return f.found.Findings
}

// named maps digests and tags to digests.
func named(images []ecr.Image) map[string]string {
	all := map[string]string{}
	for _, i := range images {
		all[i.Digest] = i.Digest
		for _, tag := range i.Tags {
			all[tag] = i.Digest
		}
	}
	return all
}
