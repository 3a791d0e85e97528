package ecr

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// lifetime of a registry token when ECR doesn't say: 12 hours (GetAuthorizationToken, private and public).
const lifetime = 12 * time.Hour

// token opens the registry: user AWS and a password. It is a secret.
type token struct {
	user, password string
	renewAt        time.Time // a tenth of its life before it ends
}

// tokens keeps the registry's token and renews it, once for everybody who asks at the same time.
type tokens struct {
	fetch func(context.Context) (encoded string, expires *time.Time, err error)
	now   func() time.Time

	lock    chan struct{} // a mutex that a context can leave
	current token
	doubted bool // the token was renewed because of an answer that didn't say why
}

func newTokens(now func() time.Time, fetch func(context.Context) (string, *time.Time, error)) *tokens {
	return &tokens{fetch: fetch, now: now, lock: make(chan struct{}, 1)}
}

// get returns a token that is good for a while.
func (t *tokens) get(ctx context.Context) (token, error) {
	return t.with(ctx, func() bool { return !t.now().Before(t.current.renewAt) })
}

// renew returns another token than the one that was rejected. When the registry didn't say that the token had
// expired (an answer to HEAD has no body), one renewal is tried and no more: it may be a plain refusal.
func (t *tokens) renew(ctx context.Context, rejected token, certain bool) (fresh token, renewed bool, err error) {
	fresh, err = t.with(ctx, func() bool {
		if t.current != rejected { // somebody else was quicker
			return false
		}
		if certain {
			return true
		}
		first := !t.doubted
		t.doubted = true
		return first
	})
	return fresh, fresh != rejected, err
}

// with returns the current token, fetched again when stale says so.
func (t *tokens) with(ctx context.Context, stale func() bool) (token, error) {
	select {
	case t.lock <- struct{}{}:
		defer func() { <-t.lock }()
	case <-ctx.Done():
		return token{}, ctx.Err()
	}
	if !stale() {
		return t.current, nil
	}
	encoded, expires, err := t.fetch(ctx)
	if err != nil {
		return token{}, err
	}
	got, err := decodeToken(encoded)
	if err != nil {
		return token{}, err
	}
	now := t.now()
	life := lifetime
	if expires != nil {
		life = expires.Sub(now)
	}
	got.renewAt = now.Add(life - life/10)
	t.current = got
	return got, nil
}

// decodeToken takes user:password out of base64. The error never shows what was decoded.
func decodeToken(encoded string) (token, error) {
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return token{}, fmt.Errorf("decoding the registry token: it is not base64")
	}
	user, password, ok := strings.Cut(string(decoded), ":")
	if !ok || user == "" || password == "" {
		return token{}, fmt.Errorf("decoding the registry token: it is not user:password")
	}
	return token{user: user, password: password}, nil
}
