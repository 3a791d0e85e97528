package ecr

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Target returns the repository for oras-go. Its requests carry a token that is renewed before its 12 hours
// end, and when the registry calls it expired; throttled and failed ones are repeated. It never deletes.
func (c *Client) Target(context.Context) (*remote.Repository, error) {
	target, err := remote.NewRepository(c.Repository.Reference())
	if err != nil {
		return nil, err
	}
	target.Client = c.plane
	target.SkipReferrersGC = true
	target.TagListPageSize = 1000 // more is an error in ECR (google/go-containerregistry#1091)
	return target, nil
}

// dataPlane is the registry's side of ECR. A private registry takes the token as it is, so it is sent at
// once, which saves the challenge; ECR Public trades it for a bearer token at its own host.
type dataPlane struct {
	host   string
	basic  bool
	tokens *tokens
	http   *http.Client
	client atomic.Pointer[session]
}

// session is a client with the bearer tokens that it was given.
type session struct {
	auth.Client
	opening sync.Once
}

func newDataPlane(r registry.Registry, base *http.Client, t *tokens) *dataPlane {
	transport := base.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	client := *base
	client.Transport = Retrying(transport)
	p := &dataPlane{host: r.Host, basic: r.Kind == registry.Private, tokens: t, http: &client}
	p.forget()
	return p
}

// forget drops every bearer token that was got so far.
func (p *dataPlane) forget() {
	p.client.Store(&session{Client: auth.Client{
		Client: p.http,
		Header: http.Header{"User-Agent": {"palette-ecr"}},
		// By the host alone: ECR Public's challenge asks for the scope "aws", whatever a request would ask for itself, so that
		// a token kept by its scope is never found again, and each request would be answered with 401 first.
		Cache: auth.NewSingleContextCache(),
		Credential: func(ctx context.Context, host string) (auth.Credential, error) {
			if host != p.host {
				return auth.EmptyCredential, nil
			}
			t, err := p.tokens.get(ctx)
			return auth.Credential{Username: t.user, Password: t.password}, err
		},
	}})
}

// open answers the challenge once, before anything is asked that counts: requests that go out together would all be
// answered with it. What is wrong shows in what is asked next.
func (p *dataPlane) open(ctx context.Context, s *session) {
	s.opening.Do(func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+p.host+"/v2/", nil)
		if err != nil {
			return
		}
		if resp, err := s.Do(req); err == nil {
			resp.Body.Close()
		}
	})
}

// Do sends a request with the token, and once more with a new one when the token was what it failed for.
func (p *dataPlane) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Host != p.host {
		return p.client.Load().Do(req)
	}
	ctx := req.Context()
	sent, err := p.tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := p.send(req, sent)
	if err != nil {
		return nil, err
	}
	rejected, certain := tokenRejected(resp)
	if !rejected || req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		return resp, nil
	}
	fresh, renewed, err := p.tokens.renew(ctx, sent, certain)
	if err != nil || !renewed {
		return resp, nil // the answer says more than the failed renewal
	}
	resp.Body.Close()
	if !p.basic {
		p.forget()
	}
	again := req.Clone(ctx)
	again.Header.Del("Authorization") // oras-go carries that of an upload's POST over to its PUT
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return p.send(again, fresh)
}

func (p *dataPlane) send(req *http.Request, t token) (*http.Response, error) {
	s := p.client.Load()
	if !p.basic {
		p.open(req.Context(), s)
		return s.Do(req)
	}
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(t.user+":"+t.password)))
	return s.Do(req)
}

// tokenRejected reports whether an answer may mean an expired token, and whether it says so. Private ECR
// answers 403 "Your authorization token has expired. Reauthenticate and try again.", ECR Public 400
// (aws/containers-roadmap#2835). The body stays readable.
func tokenRejected(resp *http.Response) (rejected, certain bool) {
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
	default:
		return false, false
	}
	start, _ := io.ReadAll(io.LimitReader(resp.Body, 8<<10))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), resp.Body), resp.Body}
	text := strings.ToLower(string(start))
	if strings.Contains(text, "token has expired") || strings.Contains(text, "token is expired") || strings.Contains(text, "expired token") {
		return true, true
	}
	if resp.StatusCode == http.StatusBadRequest {
		return false, false
	}
	return resp.StatusCode == http.StatusUnauthorized || len(start) == 0, false
}
