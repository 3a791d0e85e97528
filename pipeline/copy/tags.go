package copy

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// tagState is what is to become of a tag.
type tagState struct {
	name    string
	want    digest.Digest
	was     digest.Digest // at the destination; "" when the tag is new there
	outcome Outcome
}

type tagStates map[string]*tagState

// list gives the tags by name.
func (t tagStates) list(g *graph) []Tag {
	var all []Tag
	for _, name := range g.sortedTags() {
		if s := t[name]; s != nil {
			all = append(all, Tag{Name: name, Digest: s.want.String(), Was: s.was.String(), Outcome: s.outcome})
		}
	}
	return all
}

// lookUpTags finds out what the destination has under each tag: from its list, or by a HEAD each.
func (c *copier) lookUpTags(ctx context.Context, g *graph) (tagStates, error) {
	states := tagStates{}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(2 * c.Concurrency)
	for _, name := range g.sortedTags() {
		s := &tagState{name: name, want: g.tags[name].desc.Digest}
		states[name] = s
		group.Go(func() error {
			var err error
			if s.was, err = c.tagAtDestination(inner, name); err != nil {
				return err
			}
			switch {
			case s.was == s.want:
				s.outcome = Present
			case s.was == "":
				s.outcome = Copied
			case c.Keep:
				s.outcome = Kept
			default:
				s.outcome = Overwritten
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, name := range g.sortedTags() {
		if s := states[name]; s.outcome == Kept {
			c.note("tag %s stays %s at the destination, the source has %s under it", name, s.was, s.want)
		}
	}
	return states, nil
}

func (c *copier) tagAtDestination(ctx context.Context, name string) (digest.Digest, error) {
	if c.listed.known {
		return c.listed.tags[name], nil
	}
	desc, err := c.dst.repo.Manifests().Resolve(ctx, name)
	if errors.Is(err, errdef.ErrNotFound) {
		return "", nil
	}
	return desc.Digest, c.dst.fail(err, "looking for tag", name)
}

// refuseImmutable finds the tags that would have to be moved where none can be, before anything is sent.
func (c *copier) refuseImmutable(tags tagStates) error {
	if !c.immutable {
		return nil
	}
	var taken []string
	for _, s := range tags {
		if s.outcome == Overwritten {
			taken = append(taken, s.conflict())
		}
	}
	if len(taken) == 0 {
		return nil
	}
	return c.immutableError(some(sorted(taken)))
}

func (s *tagState) conflict() string {
	return fmt.Sprintf("tag %s is %s there and %s in the source", s.name, s.was, s.want)
}

func (c *copier) immutableError(conflicts string) error {
	return fault.New(fault.Failed,
		"make the repository's tags mutable (aws ecr put-image-tag-mutability), delete these tags from it, or use another repository",
		"writing tags to %q: they can't be moved, and %s", c.dst.url, conflicts)
}

// put writes a manifest, under the first of its tags that is due when nothing has to come between manifest and
// tag, which saves a request of the kind that ECR limits most.
func (c *copier) put(ctx context.Context, n *node, tags tagStates) error {
	if len(n.referrers) == 0 {
		for _, name := range n.tags {
			if s := tags[name]; s.outcome == Copied || s.outcome == Overwritten {
				return c.tag(ctx, n, s)
			}
		}
	}
	err := c.dst.repo.Manifests().Push(ctx, n.desc, bytes.NewReader(n.raw))
	return c.dst.fail(err, "writing manifest", n.desc.Digest.String())
}

// tag writes a tag, once.
func (c *copier) tag(ctx context.Context, n *node, s *tagState) error {
	if s.outcome == Present || s.outcome == Kept {
		return nil
	}
	return c.tags.do(ctx, s.name, func() error {
		err := c.dst.repo.Manifests().PushReference(ctx, n.desc, bytes.NewReader(n.raw), s.name)
		err = c.dst.fail(err, "writing tag", s.name)
		if isCause(err, ecr.Immutable) {
			return c.taken(ctx, s, err)
		}
		if err == nil && s.outcome == Overwritten {
			c.note("tag %s was %s at the destination, now it is %s", s.name, s.was, s.want)
		}
		return err
	})
}

// taken looks at what an immutable tag names that could not be written: ECR refuses the same digest too
// (aws/containers-roadmap#2380).
func (c *copier) taken(ctx context.Context, s *tagState, refused error) error {
	desc, err := c.dst.repo.Manifests().Resolve(ctx, s.name)
	switch {
	case err != nil:
		return refused
	case desc.Digest == s.want:
		return nil
	}
	s.was = desc.Digest
	return c.immutableError(s.conflict())
}
