package copy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// accepted are the media types of manifests that are asked for. A registry must not convert, so every kind
// that there is is named.
var accepted = []string{
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.oci.artifact.manifest.v1+json",
	"application/vnd.cncf.oras.artifact.manifest.v1+json",
}

// Requests counts what was asked of a registry. A repetition after a failure counts once.
type Requests struct {
	Head int64 `json:"head"`
	Get  int64 `json:"get"`
	Post int64 `json:"post"`
	Put  int64 `json:"put"`
}

// Total of all requests.
func (r Requests) Total() int64 { return r.Head + r.Get + r.Post + r.Put }

// Writes are the requests that change the registry.
func (r Requests) Writes() int64 { return r.Post + r.Put }

func (r Requests) plus(o Requests) Requests {
	return Requests{r.Head + o.Head, r.Get + o.Get, r.Post + o.Post, r.Put + o.Put}
}

// endpoint is one side: its repository, counted, limited, and guarded against writing when it is the source.
type endpoint struct {
	side    Side
	url     string
	address registry.Repository
	repo    *remote.Repository
	client  *meter

	noReferrers atomic.Bool // the registry has no referrers API
}

// newEndpoint makes a view of a repository. The repository itself is left alone: it may be in use elsewhere.
func newEndpoint(side Side, repo *remote.Repository, url string, address registry.Repository, limits buckets, atOnce int) *endpoint {
	e := &endpoint{side: side, url: url, address: address}
	e.client = &meter{inner: repo.Client, limits: limits, atOnce: semaphore.NewWeighted(int64(atOnce)), readOnly: side == FromSource}
	if e.client.inner == nil {
		e.client.inner = auth.DefaultClient
	}
	e.repo = &remote.Repository{
		Client:               e.client,
		Reference:            repo.Reference,
		PlainHTTP:            repo.PlainHTTP,
		ManifestMediaTypes:   accepted,
		TagListPageSize:      repo.TagListPageSize,
		ReferrerListPageSize: repo.ReferrerListPageSize,
		MaxMetadataBytes:     maxListing,
		SkipReferrersGC:      true,
	}
	// oras-go would otherwise write an index of referrers after each push, and delete the one before, which
	// ECR answers with 405 (aws/containers-roadmap#2783). Here that is done once, at the end, see referrers.go.
	_ = e.repo.SetReferrersCapability(true)
	return e
}

// maxListing bounds an answer that lists tags or referrers.
const maxListing = 32 << 20

// fail wraps err with the side that broke, and what to do about it.
func (e *endpoint) fail(err error, op, what string) error {
	if err == nil {
		return nil
	}
	var reported *Error
	if errors.As(err, &reported) {
		return err
	}
	return &Error{Side: e.side, Op: op, What: what, Repository: e.url, Err: ecr.Explain(err, e.address)}
}

// meter counts requests, keeps them to their limits, and lets none through that would write where nothing may
// be written.
type meter struct {
	inner    remote.Client
	limits   buckets
	atOnce   *semaphore.Weighted // requests that are not answered yet
	readOnly bool

	beforeWrite func(context.Context) error // nil is nothing

	head, get, post, put atomic.Int64
}

// Do sends one request.
func (m *meter) Do(req *http.Request) (*http.Response, error) {
	counter := &m.put
	switch req.Method {
	case http.MethodHead:
		counter = &m.head
	case http.MethodGet:
		counter = &m.get
	case http.MethodPost:
		counter = &m.post
	}
	if m.readOnly && counter != &m.head && counter != &m.get {
		return nil, fmt.Errorf("%s to a repository that is only read", req.Method)
	}
	if m.beforeWrite != nil && counter != &m.head && counter != &m.get {
		if err := m.beforeWrite(req.Context()); err != nil {
			return nil, err
		}
	}
	verb := ecr.Verb(req.Method, req.URL.Path)
	bucket := m.limits[verb]
	if err := bucket.wait(req.Context(), verb); err != nil {
		return nil, err
	}
	if err := m.atOnce.Acquire(req.Context(), 1); err != nil {
		return nil, err
	}
	defer m.atOnce.Release(1)
	counter.Add(1)
	if bucket == nil {
		return m.inner.Do(req)
	}
	resp, err := m.inner.Do(req.WithContext(ecr.WhenThrottled(req.Context(), bucket.throttled)))
	if err == nil && resp.StatusCode < http.StatusBadRequest {
		bucket.went()
	}
	return resp, err
}

func (m *meter) requests() Requests {
	return Requests{Head: m.head.Load(), Get: m.get.Load(), Post: m.post.Load(), Put: m.put.Load()}
}

// tags lists every tag.
func (e *endpoint) tags(ctx context.Context) ([]string, error) {
	var all []string
	err := retry(ctx, func() error {
		all = nil
		return cutList(e.repo.Tags(ctx, "", func(page []string) error {
			all = append(all, page...)
			return nil
		}))
	})
	return all, err
}
