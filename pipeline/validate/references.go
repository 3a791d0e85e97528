package validate

import (
	"context"
	"fmt"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
)

// References lists what the workload OCIRepositories of a cluster use, of the source or of the destination:
// what is pinned, the tag that is asked for, and the very digest that was fetched last, which may have no tag
// any more.
func References(ctx context.Context, c *cluster.Cluster, source, destination string) ([]copy.Reference, error) {
	var list sourcev1.OCIRepositoryList
	if err := c.Client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("listing OCIRepositories on cluster %q: %w", c.Name, err)
	}
	var all []copy.Reference
	for _, r := range list.Items {
		if r.Spec.URL != source && r.Spec.URL != destination || r.Name == Canary {
			continue
		}
		from := client.ObjectKeyFromObject(&r).String() + "@" + c.Name
		if wanted := wants(&r); wanted != (copy.Reference{}) {
			wanted.From = from
			all = append(all, wanted)
		}
	}
	return all, nil
}

// wants tells what one OCIRepository uses. Flux takes a digest before a semver range before a tag.
func wants(r *sourcev1.OCIRepository) copy.Reference {
	ref := sourcev1.OCIRepositoryRef{}
	if r.Spec.Reference != nil {
		ref = *r.Spec.Reference
	}
	if ref.Digest != "" {
		return copy.Reference{Digest: ref.Digest}
	}
	fetched := copy.Reference{}
	if r.Status.Artifact != nil {
		tag, digest, tagged := strings.Cut(r.Status.Artifact.Revision, "@")
		if tagged {
			fetched = copy.Reference{Tag: tag, Digest: digest}
		}
	}
	if ref.SemVer != "" {
		return fetched // the tag that the range chose
	}
	tag := ref.Tag
	if tag == "" {
		tag = "latest"
	}
	if fetched.Tag == tag {
		return fetched
	}
	return copy.Reference{Tag: tag}
}
