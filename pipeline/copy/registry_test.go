package copy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

const repository = "palette/mural-workloads"

// fake is a registry in this process that writes down what it is asked and can be made to misbehave.
type fake struct {
	t      testing.TB
	server *httptest.Server
	real   http.Handler

	mu     sync.Mutex
	log    []string
	answer sync.WaitGroup // requests that are being answered

	// before answers a request instead of the registry when it gives true.
	before func(w http.ResponseWriter, r *http.Request) bool
}

func start(t testing.TB, options ...ggcr.Option) *fake {
	f := &fake{t: t}
	options = append([]ggcr.Option{ggcr.WithReferrersSupport(true), ggcr.Logger(log.New(io.Discard, "", 0))}, options...)
	f.real = ggcr.New(options...)
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.answer.Add(1)
	defer f.answer.Done()
	f.mu.Lock()
	f.log = append(f.log, r.Method+" "+r.URL.Path)
	before := f.before
	f.mu.Unlock()
	if before != nil && before(w, r) {
		return
	}
	f.real.ServeHTTP(w, r)
}

// quiet waits until every request is answered.
func (f *fake) quiet() { f.answer.Wait() }

// meddle sets before.
func (f *fake) meddle(before func(w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = before
}

// forget empties the log.
func (f *fake) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = nil
}

// asked counts requests whose method and path hold all the words.
func (f *fake) asked(words ...string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, line := range f.log {
		all := true
		for _, word := range words {
			all = all && strings.Contains(line, word)
		}
		if all {
			n++
		}
	}
	return n
}

// lines is the log.
func (f *fake) lines() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.log...)
}

func (f *fake) address() registry.Repository {
	parsed, err := registry.Parse("oci://" + f.server.Listener.Addr().String())
	require.NoError(f.t, err)
	repo, err := parsed.Repository(repository)
	require.NoError(f.t, err)
	return repo
}

func (f *fake) source() copy.Source {
	s, err := copy.OpenSource(f.address(), copy.Access{PlainHTTP: true})
	require.NoError(f.t, err)
	return s
}

func (f *fake) destination() copy.Destination {
	return copy.Destination{Repository: f.source().Repository, Address: f.address()}
}

func (f *fake) repo() *remote.Repository {
	repo, err := remote.NewRepository(f.server.Listener.Addr().String() + "/" + repository)
	require.NoError(f.t, err)
	repo.PlainHTTP = true
	require.NoError(f.t, repo.SetReferrersCapability(true))
	return repo
}

// push puts an artifact of one layer, as Flux makes them, and gives its descriptor. No tag: by digest.
func (f *fake) push(tag, text string, edit ...func(*ocispec.Manifest)) ocispec.Descriptor {
	f.t.Helper()
	m := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    f.blob("application/vnd.cncf.flux.config.v1+json", []byte(`{"for":"`+text+`"}`)),
		Layers:    []ocispec.Descriptor{f.blob("application/vnd.cncf.flux.content.v1.tar+gzip", []byte(text))},
	}
	for _, e := range edit {
		e(&m)
	}
	return f.put(tag, m.MediaType, m)
}

// index puts an index.
func (f *fake) index(tag, mediaType string, children ...ocispec.Descriptor) ocispec.Descriptor {
	f.t.Helper()
	return f.put(tag, mediaType, ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: mediaType, Manifests: children})
}

func (f *fake) put(tag, mediaType string, v any) ocispec.Descriptor {
	f.t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(f.t, err)
	d := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	if tag == "" {
		tag = d.Digest.String()
	}
	require.NoError(f.t, f.repo().Manifests().PushReference(context.Background(), d, bytes.NewReader(raw), tag))
	return d
}

func (f *fake) blob(mediaType string, data []byte) ocispec.Descriptor {
	f.t.Helper()
	d := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
	require.NoError(f.t, f.repo().Blobs().Push(context.Background(), d, bytes.NewReader(data)))
	return d
}

// delete removes something, as a registry's cleaning or a lifecycle policy does.
func (f *fake) delete(kind string, d digest.Digest) {
	f.t.Helper()
	req, err := http.NewRequest(http.MethodDelete, f.server.URL+"/v2/"+repository+"/"+kind+"/"+d.String(), nil)
	require.NoError(f.t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(f.t, err)
	require.NoError(f.t, resp.Body.Close())
	require.Equal(f.t, http.StatusAccepted, resp.StatusCode)
}

// digestOf returns the digest that a tag or digest names here, "" for none.
func (f *fake) digestOf(reference string) string {
	d, err := f.repo().Resolve(context.Background(), reference)
	if err != nil {
		return ""
	}
	return d.Digest.String()
}

// indexOf returns what the index under a tag lists.
func (f *fake) indexOf(tag string) (digests []digest.Digest) {
	f.t.Helper()
	_, body, err := f.repo().FetchReference(context.Background(), tag)
	require.NoError(f.t, err)
	defer body.Close()
	var index ocispec.Index
	require.NoError(f.t, json.NewDecoder(body).Decode(&index))
	for _, m := range index.Manifests {
		digests = append(digests, m.Digest)
	}
	return digests
}

// subject makes a manifest a referrer.
func subject(of ocispec.Descriptor) func(*ocispec.Manifest) {
	return func(m *ocispec.Manifest) { m.Subject = &of }
}

// images lists a registry as ECR's DescribeImages does.
func (f *fake) images(digests map[string][]string) func(context.Context) ([]ecr.Image, error) {
	return func(context.Context) ([]ecr.Image, error) {
		var all []ecr.Image
		for d, tags := range digests {
			all = append(all, ecr.Image{Digest: d, Tags: tags})
		}
		return all, nil
	}
}

// without answers the referrers API as a registry without it does.
func without(status int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/referrers/") {
			w.WriteHeader(status)
			return true
		}
		return false
	}
}
