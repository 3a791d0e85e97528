package ecr_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

const endpoint = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"

func repository(t testing.TB) registry.Repository { return repositoryAt(t, endpoint) }

func repositoryAt(t testing.TB, endpoint string) registry.Repository {
	t.Helper()
	parsed, err := registry.Parse(endpoint)
	require.NoError(t, err)
	repo, err := parsed.Repository("mural-workloads")
	require.NoError(t, err)
	return repo
}

// mint counts the tokens it gives: token-1, token-2, ... each for 12 hours.
type mint struct {
	sync.Mutex
	clock time.Time
	given int
	err   error
}

func (m *mint) now() time.Time {
	m.Lock()
	defer m.Unlock()
	return m.clock
}

func (m *mint) later(d time.Duration) {
	m.Lock()
	defer m.Unlock()
	m.clock = m.clock.Add(d)
}

func (m *mint) fetch(context.Context) (string, *time.Time, error) {
	m.Lock()
	defer m.Unlock()
	if m.err != nil {
		return "", nil, m.err
	}
	m.given++
	ends := m.clock.Add(12 * time.Hour)
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "AWS:token-%d", m.given)), &ends, nil
}

// plane is the registry's side of a client, in front of a handler that hears the password.
func plane(t *testing.T, m *mint, answer func(w http.ResponseWriter, r *http.Request, password string)) func(method, path, body string) (int, string, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		answer(w, r, password)
	}))
	t.Cleanup(server.Close)
	repo := repository(t)
	client := ecr.Plane(repo.Registry, through(server), ecr.NewTokens(m.now, m.fetch))
	return func(method, path, body string) (int, string, error) {
		req, err := http.NewRequest(method, "https://"+repo.Registry.Host+path, strings.NewReader(body))
		require.NoError(t, err)
		resp, err := client.Do(req)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		said, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(said), err
	}
}

func TestTokenIsReusedAndRenewedEarly(t *testing.T) {
	m := &mint{clock: time.Unix(1_700_000_000, 0)}
	do := plane(t, m, func(w http.ResponseWriter, _ *http.Request, password string) { fmt.Fprint(w, password) })
	for _, step := range []struct {
		wait time.Duration
		want string
	}{{0, "token-1"}, {10 * time.Hour, "token-1"}, {time.Hour, "token-2"}, {time.Hour, "token-2"}} {
		m.later(step.wait)
		_, said, err := do(http.MethodGet, "/v2/", "")
		require.NoError(t, err)
		assert.Equal(t, step.want, said)
	}
}

func TestExpiredTokenIsRenewedAndTheRequestRepeated(t *testing.T) {
	m := &mint{clock: time.Unix(1_700_000_000, 0)}
	var bodies []string
	do := plane(t, m, func(w http.ResponseWriter, r *http.Request, password string) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		if password == "token-1" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"errors":[{"code":"DENIED","message":"Your authorization token has expired. Reauthenticate and try again."}]}`)
			return
		}
		w.WriteHeader(http.StatusCreated)
	})
	status, _, err := do(http.MethodPut, "/v2/palette/mural-workloads/manifests/v1", "the manifest")
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, status)
	assert.Equal(t, []string{"the manifest", "the manifest"}, bodies)
}

func TestRefusalIsNotTakenForAnExpiredToken(t *testing.T) {
	m := &mint{clock: time.Unix(1_700_000_000, 0)}
	asked := 0
	do := plane(t, m, func(w http.ResponseWriter, r *http.Request, _ string) {
		asked++
		w.WriteHeader(http.StatusForbidden)
		if r.Method != http.MethodHead {
			fmt.Fprint(w, `{"errors":[{"code":"DENIED","message":"not authorized to perform: ecr:PutImage"}]}`)
		}
	})
	status, said, err := do(http.MethodPut, "/v2/palette/mural-workloads/manifests/v1", "x")
	require.NoError(t, err)
	assert.Equal(t, http.StatusForbidden, status)
	assert.Contains(t, said, "ecr:PutImage", "the answer must still be readable")
	assert.Equal(t, 1, asked)

	// A refused HEAD has no body, so one new token is tried, and only one for the life of the client.
	for range 3 {
		_, _, err = do(http.MethodHead, "/v2/palette/mural-workloads/manifests/v1", "")
		require.NoError(t, err)
	}
	assert.Equal(t, 5, asked)
	assert.Equal(t, 2, m.given)
}

func TestManyAskForOneToken(t *testing.T) {
	m := &mint{clock: time.Unix(1_700_000_000, 0)}
	tokens := ecr.NewTokens(m.now, m.fetch)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	repo := repository(t)
	client := ecr.Plane(repo.Registry, through(server), tokens)
	var group errgroup.Group
	for range 20 {
		group.Go(func() error {
			req, err := http.NewRequest(http.MethodGet, "https://"+repo.Registry.Host+"/v2/", nil)
			if err != nil {
				return err
			}
			resp, err := client.Do(req)
			if err != nil {
				return err
			}
			return resp.Body.Close()
		})
	}
	require.NoError(t, group.Wait())
	assert.Equal(t, 1, m.given)
}

func TestTokenStaysWithItsHost(t *testing.T) {
	m := &mint{clock: time.Unix(1_700_000_000, 0)}
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Get("Authorization"), "the layers' host must not see the token")
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/layer?X-Amz-Signature=secret", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	repo := repository(t)
	base := through(server)
	base.Transport = onlyHost{repo.Registry.Host, base.Transport}
	client := ecr.Plane(repo.Registry, base, ecr.NewTokens(m.now, m.fetch))
	req, err := http.NewRequest(http.MethodGet, "https://"+repo.Registry.Host+"/v2/palette/mural-workloads/blobs/sha256:1", nil)
	require.NoError(t, err)
	resp, err := client.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusOK, resp.StatusCode)
}

// onlyHost uses another transport for one host.
type onlyHost struct {
	host string
	rt   http.RoundTripper
}

func (o onlyHost) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host == o.host {
		return o.rt.RoundTrip(req)
	}
	return http.DefaultTransport.RoundTrip(req)
}

func TestNoTokenNoRequest(t *testing.T) {
	m := &mint{clock: time.Unix(1_700_000_000, 0), err: errors.New("no")}
	do := plane(t, m, func(http.ResponseWriter, *http.Request, string) { t.Error("a request was sent without a token") })
	_, _, err := do(http.MethodGet, "/v2/", "")
	require.ErrorContains(t, err, "no")
}

func TestRetrying(t *testing.T) {
	m := &mint{clock: time.Unix(1_700_000_000, 0)}
	for name, fail := range map[string]func(w http.ResponseWriter){
		"throttled": func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) },
		"failed":    func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"cut": func(w http.ResponseWriter) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if assert.NoError(t, err) {
				conn.Close()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			do := plane(t, m, func(w http.ResponseWriter, r *http.Request, _ string) {
				if asked++; asked < 3 {
					fail(w)
					return
				}
				body, _ := io.ReadAll(r.Body)
				_, _ = w.Write(body)
			})
			status, said, err := do(http.MethodPut, "/v2/palette/mural-workloads/manifests/v1", "all of it")
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, "all of it", said)
			assert.Equal(t, 3, asked)
		})
	}
}
