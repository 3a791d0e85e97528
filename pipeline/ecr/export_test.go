package ecr

import (
	"math"
	"net/http"
	"time"

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

// Patience is how long a request is repeated while a registry refuses it and does not say for how long, without jitter.
func Patience() (all time.Duration) {
	for attempt := range retries {
		all += time.Duration(float64(shortestWait) * math.Pow(2, float64(attempt)))
	}
	return all
}
