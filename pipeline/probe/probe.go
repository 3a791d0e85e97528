// Package probe pushes one small artifact that Flux can read, and takes it away again: it proves a registry where no
// workload does yet. Its bytes are always the same, so that a second one changes nothing, not even where tags can't be
// moved.
package probe

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
)

// Tag of the probe.
const Tag = "palette-ecr-probe"

// Media types of what Flux pushes (fluxcd/pkg, oci/client.go).
const (
	configType = "application/vnd.cncf.flux.config.v1+json"
	layerType  = "application/vnd.cncf.flux.content.v1.tar+gzip"
)

// Push pushes the probe and returns what was pushed.
func Push(ctx context.Context, to *remote.Repository) (ocispec.Descriptor, error) {
	layer, err := layer()
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	config := []byte("{}")
	manifest := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		Config: content.NewDescriptorFromBytes(configType, config), Layers: []ocispec.Descriptor{content.NewDescriptorFromBytes(layerType, layer)},
	}
	for _, blob := range []struct {
		is   ocispec.Descriptor
		data []byte
	}{{manifest.Config, config}, {manifest.Layers[0], layer}} {
		if err := to.Push(ctx, blob.is, bytes.NewReader(blob.data)); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
			return ocispec.Descriptor{}, fmt.Errorf("pushing a blob: %w", err)
		}
	}
	data, err := json.Marshal(manifest)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	is := content.NewDescriptorFromBytes(manifest.MediaType, data)
	if err := to.PushReference(ctx, is, bytes.NewReader(data), Tag); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
		return is, fmt.Errorf("pushing the manifest: %w", err)
	}
	return is, nil
}

// Remove deletes the probe. One that is gone already is no error.
func Remove(ctx context.Context, from *remote.Repository, probe ocispec.Descriptor) error {
	if err := from.Delete(ctx, probe); err != nil && !errors.Is(err, errdef.ErrNotFound) {
		return err
	}
	return nil
}

// layer is an archive of one empty List, which applies nothing wherever it is read.
func layer() ([]byte, error) {
	text := []byte("apiVersion: v1\nkind: List\nitems: []\n")
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	if err := archive.WriteHeader(&tar.Header{Name: "probe.yaml", Mode: 0o644, Size: int64(len(text))}); err != nil {
		return nil, err
	}
	if _, err := archive.Write(text); err != nil {
		return nil, err
	}
	err := errors.Join(archive.Close(), zipped.Close())
	return packed.Bytes(), err
}
