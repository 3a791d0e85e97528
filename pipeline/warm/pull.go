// Package warm pulls what clusters use from ECR, so that ECR counts it as used. Flux never pulls an artifact again that
// has not changed, and so a lifecycle rule that archives by the last pull archives what runs.
package warm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
)

// Repository is where artifacts are pulled from: a remote.Repository.
type Repository interface {
	content.Fetcher
	content.Resolver
}

// Result is what was pulled.
type Result struct {
	Artifacts int              // of which each was asked for once, however many clusters use it
	Bytes     int64            // of manifests and blobs
	Missing   []copy.Reference // that the registry does not give: archived, or not there any more
}

// atOnce is how many artifacts are pulled at a time.
const atOnce = 8

// Pull pulls every artifact that is referenced, each once, with everything that its manifest names, and keeps none of it.
func Pull(ctx context.Context, from Repository, references []copy.Reference) (Result, error) {
	p := puller{from: from}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	asked := map[string]bool{}
	for _, ref := range references {
		name := ref.Digest
		if name == "" {
			name = ref.Tag
		}
		if name == "" || asked[name] {
			continue
		}
		asked[name] = true
		group.Go(func() error { return p.pull(ctx, name, ref) })
	}
	err := group.Wait()
	slices.SortFunc(p.result.Missing, func(a, b copy.Reference) int {
		return slices.Compare([]string{a.Digest, a.Tag}, []string{b.Digest, b.Tag})
	})
	return p.result, err
}

type puller struct {
	from   Repository
	lock   sync.Mutex
	result Result
}

func (p *puller) pull(ctx context.Context, name string, ref copy.Reference) error {
	root, err := p.from.Resolve(ctx, name)
	var bytes int64
	if err == nil {
		bytes, err = p.tree(ctx, root)
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.result.Bytes += bytes
	if errors.Is(err, errdef.ErrNotFound) {
		p.result.Missing = append(p.result.Missing, ref)
		return nil
	}
	if err != nil {
		return fmt.Errorf("pulling %s, which %s uses: %w", name, ref.From, err)
	}
	p.result.Artifacts++
	return nil
}

// tree reads a manifest, and what it names.
func (p *puller) tree(ctx context.Context, d ocispec.Descriptor) (int64, error) {
	if !manifests[d.MediaType] {
		return p.blob(ctx, d)
	}
	read := d.Size
	named, err := content.Successors(ctx, p.from, d)
	for _, next := range named {
		var more int64
		if more, err = p.tree(ctx, next); err != nil {
			break
		}
		read += more
	}
	return read, err
}

var manifests = map[string]bool{
	ocispec.MediaTypeImageManifest: true, ocispec.MediaTypeImageIndex: true,
	"application/vnd.docker.distribution.manifest.v2+json": true, "application/vnd.docker.distribution.manifest.list.v2+json": true,
}

// blob reads a blob to its end, checks it, and keeps nothing.
func (p *puller) blob(ctx context.Context, d ocispec.Descriptor) (int64, error) {
	body, err := p.from.Fetch(ctx, d)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	checked := content.NewVerifyReader(body, d)
	n, err := io.Copy(io.Discard, checked)
	if err == nil {
		err = checked.Verify()
	}
	return n, err
}
