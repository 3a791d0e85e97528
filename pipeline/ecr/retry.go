package ecr

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"oras.land/oras-go/v2/registry/remote/retry"

	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

// retries is how often a request is repeated. With the backoff below that is about half a minute, longer than
// ECR throttles a client that stays under its quotas.
const retries = 7

// shortestWait is before the first repetition; each one after it waits twice as long.
const shortestWait = 200 * time.Millisecond

// Retrying repeats requests that a registry throttled (429) or failed (408, 5xx), or whose connection was cut
// or stood still, with exponential backoff and jitter; Retry-After is honoured. A request whose body can't be read again is
// not repeated. Requests to a registry are safe to repeat: content is addressed by its digest.
func Retrying(base http.RoundTripper) http.RoundTripper {
	policy := &retry.GenericPolicy{
		Retryable: func(resp *http.Response, err error) (bool, error) {
			tellThrottled(resp)
			return worthRetry(resp, err), nil
		},
		Backoff:  backoff,
		MinWait:  100 * time.Millisecond,
		MaxWait:  20 * time.Second,
		MaxRetry: retries,
	}
	return &retry.Transport{Base: GivingUp(base, stall), Policy: func() retry.Policy { return policy }}
}

func worthRetry(resp *http.Response, err error) bool {
	if err != nil {
		return transient.Connection(err)
	}
	return transient.Status(resp.StatusCode)
}

func backoff(attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
			return time.Duration(seconds) * time.Second
		}
	}
	return retry.ExponentialBackoff(shortestWait, 2, 0.25)(attempt, nil)
}

type throttledKey struct{}

// WhenThrottled returns a context for requests through Retrying: told is called each time that one of them is
// throttled, also when its repetition succeeds.
func WhenThrottled(ctx context.Context, told func()) context.Context {
	return context.WithValue(ctx, throttledKey{}, told)
}

func tellThrottled(resp *http.Response) {
	if resp == nil || resp.StatusCode != http.StatusTooManyRequests || resp.Request == nil {
		return
	}
	if told, ok := resp.Request.Context().Value(throttledKey{}).(func()); ok {
		told()
	}
}
