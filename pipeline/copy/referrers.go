package copy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
)

// writeFallbackTags keeps referrers findable at a destination without the referrers API: it puts an index of
// them under the tag that the OCI distribution specification names for that. A source without the API has
// these tags itself, and they were copied like any other.
func (c *copier) writeFallbackTags(ctx context.Context, g *graph) error {
	subjects := slices.DeleteFunc(g.subjects(), func(n *node) bool { return g.tags[fallbackTag(n.desc.Digest)] != nil })
	if len(subjects) == 0 {
		return nil
	}
	// One request is enough: ECR was seen to announce the API (OCI-Subject) without having it (sigstore/sigstore-js#1183).
	if _, err := c.dst.referrers(ctx, subjects[0].desc); err != nil {
		return c.dst.fail(err, "listing the referrers of", subjects[0].desc.Digest.String())
	}
	if !c.dst.noReferrers.Load() {
		return nil
	}
	for _, n := range subjects {
		if err := c.writeFallbackTag(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// writeFallbackTag adds what is missing to the index of one manifest's referrers.
func (c *copier) writeFallbackTag(ctx context.Context, n *node) error {
	tag := fallbackTag(n.desc.Digest)
	known, err := c.dst.fallbackIndex(ctx, n.desc.Digest)
	if err != nil {
		return c.dst.fail(err, "reading tag", tag)
	}
	all := slices.Clone(known)
	for _, r := range n.referrers {
		if !lists(known, r.desc.Digest) {
			all = append(all, r.asReferrer())
		}
	}
	if len(all) == len(known) {
		return nil
	}
	slices.SortFunc(all, func(a, b ocispec.Descriptor) int { return strings.Compare(a.Digest.String(), b.Digest.String()) })
	raw, err := json.Marshal(ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: all})
	if err != nil {
		return err
	}
	desc := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	err = c.dst.repo.Manifests().PushReference(ctx, desc, bytes.NewReader(raw), tag)
	return c.dst.fail(err, "writing tag", tag)
}

// fallbackIndex reads the referrers of a manifest under its fallback tag; none when there is no such tag. Some registries
// answer with the manifest itself then (oras-project/oras#2174), whose children are no referrers.
func (e *endpoint) fallbackIndex(ctx context.Context, of digest.Digest) ([]ocispec.Descriptor, error) {
	desc, raw, err := e.manifest(ctx, fallbackTag(of))
	if errors.Is(err, errdef.ErrNotFound) || err == nil && desc.Digest == of {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := parseManifest(raw)
	return c.Manifests, err
}

func lists(all []ocispec.Descriptor, d digest.Digest) bool {
	return slices.ContainsFunc(all, func(each ocispec.Descriptor) bool { return each.Digest == d })
}

// asReferrer describes a manifest as the specification wants it in a list of referrers.
func (n *node) asReferrer() ocispec.Descriptor {
	d := n.desc
	d.Annotations = n.content.Annotations
	if d.ArtifactType = n.content.ArtifactType; d.ArtifactType == "" && n.content.Config != nil {
		d.ArtifactType = n.content.Config.MediaType
	}
	return d
}
