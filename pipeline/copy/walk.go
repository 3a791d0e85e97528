package copy

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// childOf is the relation of a manifest to the index that lists it.
const childOf = "a child of"

// wanted is a manifest to read, and why.
type wanted struct {
	tag      string
	digest   digest.Digest // when there is no tag
	relation string        // to the parent, for example "a child of"; "" for a root
	parent   *node
	optional bool       // a subject need not exist
	ref      *Reference // what a cluster uses
}

// reference is what to ask the registry for.
func (w wanted) reference() string {
	if w.tag != "" {
		return w.tag
	}
	return w.digest.String()
}

// via says how it was found.
func (w wanted) via() string {
	switch {
	case w.parent != nil:
		return w.relation + " " + w.parent.name()
	case w.ref != nil:
		return "used by " + w.ref.From
	case w.tag != "":
		return "tag " + w.tag
	}
	return "digest " + w.digest.String()
}

// walker reads a repository from its roots to the last manifest, level by level, each manifest once.
type walker struct {
	*job
	at        *endpoint
	referrers bool // follow them

	mu    sync.Mutex
	graph *graph
	next  []wanted
	asked map[string]bool
	done  int
}

// walk reads everything that can be reached from the roots: children of indexes, subjects, and, when asked to,
// referrers. What is not there is in the graph's list of what is gone, and what is no manifest, or another one than was
// asked for, among what is wrong.
func (j *job) walk(ctx context.Context, at *endpoint, referrers bool, roots []wanted) (*graph, error) {
	w := &walker{job: j, at: at, referrers: referrers, graph: newGraph(), asked: map[string]bool{}}
	var later, all []wanted
	for _, root := range roots {
		if root.tag == "" && root.ref != nil && root.ref.Tag != "" {
			later = append(later, root) // mostly that tag names it, and it is read then
		} else {
			w.next = append(w.next, root)
		}
	}
	for len(w.next)+len(later) > 0 {
		var level []wanted
		for _, each := range w.next {
			if reference := each.reference(); !w.asked[reference] && w.graph.nodes[each.digest] == nil {
				w.asked[reference] = true
				level = append(level, each)
			}
		}
		all = append(all, w.next...)
		w.next = nil
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(2 * j.Concurrency)
		for _, each := range level {
			group.Go(func() error { return w.read(ctx, each) })
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		w.next, later = append(w.next, later...), nil
	}
	w.graph.connect(all)
	return w.graph, nil
}

// read reads one manifest and puts what it leads to on the list.
func (w *walker) read(ctx context.Context, want wanted) error {
	defer w.step()
	desc, raw, err := w.at.manifest(ctx, want.reference())
	if errors.Is(err, errdef.ErrNotFound) {
		return nil // connect finds out
	}
	var n *node
	var isNew bool
	if err == nil {
		n, isNew, err = w.add(want, desc, raw)
	}
	if isWrong(err) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.graph.wrong[want.reference()] = w.at.fail(err, "reading manifest", want.reference())
		return nil
	}
	if err != nil || !isNew {
		return w.at.fail(err, "reading manifest", want.reference())
	}
	var referrers []ocispec.Descriptor
	if w.referrers {
		if referrers, err = w.at.referrers(ctx, desc); err != nil {
			return w.at.fail(err, "listing the referrers of", desc.Digest.String())
		}
	}
	w.follow(n, referrers)
	return nil
}

// step says how far it is. What manifests lead to is known only when they are read, so the total grows.
func (w *walker) step() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done++
	w.Progress.Count("manifests read", w.done, len(w.asked))
}

// add puts a manifest into the graph; several tags can name the same.
func (w *walker) add(want wanted, desc ocispec.Descriptor, raw []byte) (*node, bool, error) {
	c, err := parseManifest(raw)
	if err != nil {
		return nil, false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n, known := w.graph.nodes[desc.Digest]
	if !known {
		n = &node{desc: ocispec.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: int64(len(raw))}, raw: raw, content: c, found: want}
		w.graph.nodes[desc.Digest] = n
	}
	if known && want.ref != nil && (n.found.ref == nil || want.ref.From < n.found.ref.From) {
		n.found = want // who uses it says more than how else it was found, and the same one each time
	}
	if want.tag != "" {
		n.tags = append(n.tags, want.tag)
		w.graph.tags[want.tag] = n
	}
	return n, !known, nil
}

// follow puts on the list what a manifest leads to.
func (w *walker) follow(n *node, referrers []ocispec.Descriptor) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range n.content.children() {
		w.next = append(w.next, wanted{digest: d.Digest, relation: childOf, parent: n})
	}
	if s := n.content.Subject; s != nil {
		w.next = append(w.next, wanted{digest: s.Digest, relation: "the subject of", parent: n, optional: true})
	}
	for _, d := range referrers {
		w.next = append(w.next, wanted{digest: d.Digest, relation: "a referrer of", parent: n})
	}
}

// referrers lists what refers to a manifest, by the API. Where there is none, referrers stand under tags
// (fallbackTag), which are copied as all tags are.
func (e *endpoint) referrers(ctx context.Context, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	if e.noReferrers.Load() {
		return nil, nil
	}
	var all []ocispec.Descriptor
	err := retry(ctx, func() error {
		all = nil
		return cutList(e.repo.Referrers(ctx, desc, "", func(page []ocispec.Descriptor) error {
			all = append(all, page...)
			return nil
		}))
	})
	if lacksReferrers(err) {
		e.noReferrers.Store(true)
		return nil, nil
	}
	return all, err
}

// lacksReferrers reports whether an answer means that there is no referrers API. Amazon ECR was seen to answer
// 405 (aws/containers-roadmap#2783).
func lacksReferrers(err error) bool {
	var answered *errcode.ErrorResponse
	if errors.As(err, &answered) {
		switch answered.StatusCode {
		case http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusNotImplemented:
			return true
		}
	}
	return errors.Is(err, errdef.ErrUnsupported)
}
