package main

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// push sends the image of a version, as it is in its file, to an address, and returns its reference with its digest.
func push(ctx context.Context, file, version, address, username, password string) (string, error) {
	repository, err := remote.NewRepository(address)
	if err == nil {
		err = repository.Reference.ValidateReferenceAsTag()
	}
	if err != nil {
		return "", fmt.Errorf("reading the address %q: %w\ntry:   name a repository and a tag, for example ghcr.io/palette-ecr/palette-ecr:v1.0.0", address, err)
	}
	to := repository.Reference
	registry, err := name.NewRegistry(to.Registry)
	if err != nil {
		return "", fmt.Errorf("reading the address %q: %w", address, err)
	}
	repository.PlainHTTP = registry.Scheme() == "http" // that of a registry on this machine or its network
	repository.Client = &auth.Client{
		Client: retry.DefaultClient, Cache: auth.NewCache(),
		Credential: auth.StaticCredential(to.Host(), auth.Credential{Username: username, Password: password}),
	}
	layout, err := oci.NewFromTar(ctx, file)
	if err != nil {
		return "", fmt.Errorf("opening the image %q: %w", file, err)
	}
	sent, err := oras.Copy(ctx, layout, version, repository, to.Reference, oras.DefaultCopyOptions)
	if err != nil {
		return "", fmt.Errorf("sending the image of %s to %s: %w\ntry:   check the address, and that the user may write there, then publish again: what has arrived is not sent twice", version, address, err)
	}
	return address + "@" + sent.Digest.String(), nil
}
