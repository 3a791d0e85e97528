package copy

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// graph is everything that can be reached in a repository.
type graph struct {
	nodes map[digest.Digest]*node
	tags  map[string]*node
	blobs map[digest.Digest]*blob
	gone  []wanted         // what is referred to but not in the repository
	wrong map[string]error // by its reference, what is there and not the manifest that it should be
}

// node is a manifest.
type node struct {
	desc      ocispec.Descriptor
	raw       []byte
	content   content
	tags      []string // sorted
	children  []*node
	blobs     []*blob
	subject   *node   // what it refers to, when that is in the repository
	referrers []*node // what refers to it, sorted by digest
	found     wanted  // why it was read first
}

// blob is config, a layer or other content.
type blob struct {
	desc  ocispec.Descriptor
	via   string
	users []*node // the manifests that need it
}

func newGraph() *graph {
	return &graph{nodes: map[digest.Digest]*node{}, tags: map[string]*node{}, blobs: map[digest.Digest]*blob{}, wrong: map[string]error{}}
}

// sorted returns the manifests in an order that is the same each time.
func (g *graph) sorted() []*node {
	all := make([]*node, 0, len(g.nodes))
	for _, n := range g.nodes {
		all = append(all, n)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].desc.Digest < all[j].desc.Digest })
	return all
}

// sortedBlobs does the same for blobs.
func (g *graph) sortedBlobs() []*blob {
	all := make([]*blob, 0, len(g.blobs))
	for _, b := range g.blobs {
		all = append(all, b)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].desc.Digest < all[j].desc.Digest })
	return all
}

// sortedTags returns the tags' names in order.
func (g *graph) sortedTags() []string {
	all := make([]string, 0, len(g.tags))
	for name := range g.tags {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}

// connect fills in what nodes are to each other, when everything that was wanted was asked for.
func (g *graph) connect(wants []wanted) {
	for _, n := range g.nodes {
		sort.Strings(n.tags)
	}
	for _, n := range g.sorted() {
		for _, d := range n.content.children() {
			if child, ok := g.nodes[d.Digest]; ok {
				n.children = append(n.children, child)
			}
		}
		for _, d := range n.content.blobs() {
			b, ok := g.blobs[d.Digest]
			if !ok {
				b = &blob{desc: d, via: n.name()}
				g.blobs[d.Digest] = b
			}
			if !slices.Contains(n.blobs, b) {
				n.blobs = append(n.blobs, b)
				b.users = append(b.users, n)
			}
		}
		if s := n.content.Subject; s != nil {
			if subject, ok := g.nodes[s.Digest]; ok && subject != n {
				n.subject = subject
				subject.referrers = append(subject.referrers, n)
			}
		}
	}
	for _, w := range wants {
		if !w.optional && g.wrong[w.reference()] == nil && g.tags[w.tag] == nil && g.nodes[w.digest] == nil {
			g.gone = append(g.gone, w)
		}
	}
	key := func(w wanted) string { return w.reference() + " " + w.via() }
	sort.Slice(g.gone, func(i, j int) bool { return key(g.gone[i]) < key(g.gone[j]) })
	g.gone = slices.CompactFunc(g.gone, func(a, b wanted) bool { return key(a) == key(b) })
}

// name says which manifest this is.
func (n *node) name() string {
	switch {
	case len(n.tags) > 0 && n.found.ref != nil:
		return "tag " + n.tags[0] + ", " + n.found.via()
	case len(n.tags) > 0:
		return "tag " + n.tags[0]
	case n.found.parent != nil || n.found.ref != nil:
		return n.found.via()
	}
	return n.desc.Digest.String()
}

// leave takes manifests out of the graph that stay in the source by their digest. One that is part of an index stays in
// it, since the index would be broken without.
func (g *graph) leave(digests []string) {
	for _, left := range digests {
		n := g.nodes[digest.Digest(left)]
		if n == nil || n.isChild() {
			continue
		}
		delete(g.nodes, n.desc.Digest)
		for _, tag := range n.tags {
			delete(g.tags, tag)
		}
		if n.subject != nil {
			n.subject.referrers = slices.DeleteFunc(n.subject.referrers, func(r *node) bool { return r == n })
		}
		for _, r := range n.referrers {
			r.subject = nil
		}
	}
	g.prune()
}

// prune takes out what nothing leads to any more: parts of indexes that are gone, and blobs.
func (g *graph) prune() {
	for {
		held, needed := map[*node]bool{}, map[*blob]bool{}
		for _, n := range g.nodes {
			for _, child := range n.children {
				held[child] = true
			}
			for _, b := range n.blobs {
				needed[b] = true
			}
		}
		before := len(g.nodes)
		for d, n := range g.nodes {
			if n.isChild() && !held[n] {
				delete(g.nodes, d)
			}
		}
		if len(g.nodes) < before {
			continue
		}
		for d, b := range g.blobs {
			if !needed[b] {
				delete(g.blobs, d)
			}
		}
		return
	}
}

// isChild reports whether a manifest is part of an index, with which it goes, and has no tag of its own.
func (n *node) isChild() bool {
	return len(n.tags) == 0 && n.found.parent != nil && n.found.relation == childOf
}

// outside lists the layers that come from their own URLs.
func (g *graph) outside() (all []string) {
	seen := map[digest.Digest]bool{}
	for _, n := range g.sorted() {
		for _, layer := range n.content.outside() {
			if !seen[layer.Digest] {
				seen[layer.Digest] = true
				all = append(all, fmt.Sprintf("%s of %s, from %s", layer.Digest, n.name(), layer.URLs[0]))
			}
		}
	}
	return all
}

// subjects are the manifests that others refer to.
func (g *graph) subjects() []*node {
	return slices.DeleteFunc(g.sorted(), func(n *node) bool { return len(n.referrers) == 0 })
}

// fallbackTag is where a registry without the referrers API keeps the referrers of a manifest (OCI
// distribution specification, referrers tag schema).
func fallbackTag(d digest.Digest) string {
	return strings.ReplaceAll(d.String(), ":", "-")
}
