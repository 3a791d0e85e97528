package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// imageName is the file of the image: an OCI image layout as a tar, which oras, skopeo and containerd take. Its one
// reference is the version.
const imageName = "palette-ecr_image.tar"

// architectures of Linux that the image is for.
var architectures = []string{"amd64", "arm64"}

// made is when everything in the image was made: a time that does not change, so that the image doesn't either.
var made = time.Unix(0, 0).UTC()

// pack writes the image of the binaries for Linux in a folder into it.
func pack(folder, version, authorities string) error {
	believed, err := os.ReadFile(authorities)
	if err != nil {
		return err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range architectures {
		binary, err := os.ReadFile(filepath.Join(folder, "palette-ecr_linux_"+architecture))
		if err != nil {
			return err
		}
		one, err := image(binary, believed, architecture, version)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: one, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	annotated, ok := mutate.Annotations(index, labels(version)).(v1.ImageIndex)
	if !ok {
		return fmt.Errorf("annotating the index of the image: it is a %T then", annotated)
	}
	unpacked, err := os.MkdirTemp("", "palette-ecr-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(unpacked)
	path, err := layout.Write(unpacked, empty.Index)
	if err != nil {
		return err
	}
	if err := path.AppendIndex(annotated, layout.WithAnnotations(map[string]string{ocispec.AnnotationRefName: version})); err != nil {
		return err
	}
	return archive(unpacked, filepath.Join(folder, imageName))
}

// image is a binary and the authorities that it believes, and nothing else: no shell, no package, no root.
func image(binary, authorities []byte, architecture, version string) (v1.Image, error) {
	layer, err := layerOf(binary, authorities)
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	packed, err := mutate.Append(base, mutate.Addendum{Layer: layer, History: v1.History{
		Created: v1.Time{Time: made}, CreatedBy: "palette-ecr release", Comment: "palette-ecr and the authorities that it believes",
	}})
	if err != nil {
		return nil, err
	}
	config, err := packed.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", architecture, v1.Time{Time: made}
	config.Config = v1.Config{
		Entrypoint: []string{"palette-ecr"},
		Env:        []string{"PATH=/usr/local/bin"},
		User:       "65532:65532",
		Labels:     labels(version),
	}
	return mutate.ConfigFile(packed, config)
}

// labels are those of the OCI image specification.
func labels(version string) map[string]string {
	const home = "https://github.com/palette-ecr/palette-ecr"
	return map[string]string{
		ocispec.AnnotationTitle:         "palette-ecr",
		ocispec.AnnotationDescription:   "Moves PaletteAI from its in-cluster Zot registry to Amazon ECR, with proof",
		ocispec.AnnotationVersion:       strings.TrimPrefix(version, "v"),
		ocispec.AnnotationLicenses:      "Apache-2.0",
		ocispec.AnnotationSource:        home,
		ocispec.AnnotationURL:           home,
		ocispec.AnnotationDocumentation: home + "#readme",
	}
}

// layerOf returns the one layer of the image.
func layerOf(binary, authorities []byte) (v1.Layer, error) {
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	for _, entry := range []struct {
		name string
		mode int64
		data []byte
	}{
		{"usr/", 0o755, nil},
		{"usr/local/", 0o755, nil},
		{"usr/local/bin/", 0o755, nil},
		{"usr/local/bin/palette-ecr", 0o755, binary},
		{"etc/", 0o755, nil},
		{"etc/ssl/", 0o755, nil},
		{"etc/ssl/certs/", 0o755, nil},
		{"etc/ssl/certs/ca-certificates.crt", 0o644, authorities},
		{"tmp/", 0o1777, nil}, // what is mounted there gets these rights
	} {
		if err := add(w, entry.name, entry.mode, entry.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
}

// archive makes a tar of the files in a folder, in the order of their names.
func archive(folder, name string) error {
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return err
		}
		return add(w, path, 0o644, data)
	})
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return write(name, files.Bytes())
}

// add adds a file, or a folder where the name ends in a slash, that belongs to root.
func add(w *tar.Writer, name string, mode int64, data []byte) error {
	kind := byte(tar.TypeReg)
	if strings.HasSuffix(name, "/") {
		kind = tar.TypeDir
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: kind, Name: name, Mode: mode, Size: int64(len(data)), ModTime: made, Format: tar.FormatUSTAR}); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}
