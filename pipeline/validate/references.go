package validate

import (
	"context"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
)

// References lists what the workload OCIRepositories of a cluster use, of the source repository (at whatever address
// of Zot) or of the destination: what is pinned, the tag that is asked for, and the very digest that was fetched last,
// which may have no tag any more.
func References(ctx context.Context, c Cluster, config Config) ([]copy.Reference, error) {
	all, err := ReferencesByRepository(ctx, c, config)
	return all[pathOf(c.Source)], err
}

// ReferencesByRepository lists what the OCIRepositories of a cluster use of every repository of Zot, by the
// repository's path. Those that are at the destination already count for the source repository.
func ReferencesByRepository(ctx context.Context, c Cluster, config Config) (map[string][]copy.Reference, error) {
	e := config.prover("", c).expectation()
	listed, err := c.workloads(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string][]copy.Reference{}
	for _, r := range listed {
		if !e.concerns(&r) {
			continue
		}
		used := uses(&r)
		if used == (copy.Reference{}) {
			continue
		}
		used.From = client.ObjectKeyFromObject(&r).String() + "@" + c.Name
		path := pathOf(c.Source)
		if r.Spec.URL != e.url {
			path = pathOf(r.Spec.URL)
		}
		all[path] = append(all[path], used)
	}
	return all, nil
}

// pathOf returns the path of a URL: the repository.
func pathOf(url string) string {
	_, path, _ := strings.Cut(strings.TrimPrefix(url, "oci://"), "/")
	return strings.TrimSuffix(path, "/")
}

// uses returns what one OCIRepository uses. Flux takes a digest before a semver range before a tag.
func uses(r *sourcev1.OCIRepository) copy.Reference {
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
