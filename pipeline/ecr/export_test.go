package ecr

import (
	"net/http"

	"oras.land/oras-go/v2/registry/remote"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Tokens lets tests drive the token cache with a clock of their own.
type Tokens = tokens

// NewTokens makes one.
var NewTokens = newTokens

// Plane makes the registry's side of a client without an API.
func Plane(r registry.Registry, base *http.Client, t *Tokens) remote.Client {
	return newDataPlane(r, base, t)
}
