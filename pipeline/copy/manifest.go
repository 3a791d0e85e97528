package copy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// maxManifest is the biggest manifest: ECR takes no more (4 MiB, as most registries).
const maxManifest = 4 << 20

// content is what a manifest of any kind refers to. The kinds have no field in common that means different
// things: image manifests have config and layers, indexes manifests, artifact manifests blobs.
type content struct {
	SchemaVersion int                  `json:"schemaVersion"`
	Config        *ocispec.Descriptor  `json:"config"`
	Layers        []ocispec.Descriptor `json:"layers"`
	Manifests     []ocispec.Descriptor `json:"manifests"`
	Blobs         []ocispec.Descriptor `json:"blobs"`
	Subject       *ocispec.Descriptor  `json:"subject"`
	ArtifactType  string               `json:"artifactType"`
	Annotations   map[string]string    `json:"annotations"`
}

// parseManifest reads a manifest.
func parseManifest(raw []byte) (content, error) {
	var c content
	if err := json.Unmarshal(raw, &c); err != nil {
		return content{}, &wrongError{fmt.Sprintf("it is not a manifest: %v", err)}
	}
	if c.SchemaVersion == 1 {
		return content{}, &wrongError{"it is a Docker manifest of schema 1, whose digest can't be kept and which ECR does not take"}
	}
	return c, nil
}

// children are the manifests in an index. An index can list other things too (BuildKit's caches do): those
// are blobs.
func (c content) children() []ocispec.Descriptor {
	return slices.DeleteFunc(slices.Clone(c.Manifests), func(d ocispec.Descriptor) bool { return !isManifest(d) })
}

// blobs are config, layers and other content, without what is somewhere else by its own account.
func (c content) blobs() []ocispec.Descriptor {
	var all []ocispec.Descriptor
	if c.Config != nil {
		all = append(all, *c.Config)
	}
	all = append(append(all, c.Layers...), c.Blobs...)
	for _, d := range c.Manifests {
		if !isManifest(d) {
			all = append(all, d)
		}
	}
	return slices.DeleteFunc(all, elsewhere)
}

func isManifest(d ocispec.Descriptor) bool { return slices.Contains(accepted, d.MediaType) }

// elsewhere reports whether a layer may not be distributed and comes from its own URLs.
func elsewhere(d ocispec.Descriptor) bool {
	return len(d.URLs) > 0 && (strings.Contains(d.MediaType, ".nondistributable.") || strings.Contains(d.MediaType, ".foreign."))
}

// outside are the layers that come from their own URLs.
func (c content) outside() []ocispec.Descriptor {
	return slices.DeleteFunc(slices.Clone(c.Layers), func(d ocispec.Descriptor) bool { return !elsewhere(d) })
}

// manifest reads one by tag or digest, and checks it against the digest that was asked for or announced.
func (e *endpoint) manifest(ctx context.Context, reference string) (ocispec.Descriptor, []byte, error) {
	var (
		desc ocispec.Descriptor
		raw  []byte
	)
	err := retry(ctx, func() error {
		var err error
		desc, raw, err = e.fetchManifest(ctx, reference)
		return err
	})
	return desc, raw, err
}

func (e *endpoint) fetchManifest(ctx context.Context, reference string) (ocispec.Descriptor, []byte, error) {
	desc, body, err := e.repo.Manifests().FetchReference(ctx, reference)
	if err != nil {
		return desc, nil, err
	}
	defer body.Close()
	if desc.Size > maxManifest {
		return desc, nil, fmt.Errorf("it has %d bytes, more than a manifest may have (%d)", desc.Size, maxManifest)
	}
	raw, err := io.ReadAll(io.LimitReader(body, desc.Size+1))
	if err != nil {
		return desc, nil, halfway{err}
	}
	want := desc.Digest
	if asked, err := digest.Parse(reference); err == nil {
		want = asked
	}
	if got := want.Algorithm().FromBytes(raw); got != want {
		return desc, nil, &wrongError{fmt.Sprintf("wrong content: its digest is %s, not %s", got, want)}
	}
	desc.Digest = want
	return desc, raw, nil
}

// wrongError is content that is not what its digest says.
type wrongError struct{ text string }

func (e *wrongError) Error() string { return e.text }

func isWrong(err error) bool {
	var wrong *wrongError
	return errors.As(err, &wrong)
}
