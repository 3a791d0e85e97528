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

// tagger writes tags, each once.
type tagger struct {
	*job
	listed listed
	states map[string]*tagState
	done   memo
}

// list returns the tags by name.
func (t *tagger) list(g *graph) []Tag {
	var all []Tag
	for _, name := range g.sortedTags() {
		if s := t.states[name]; s != nil {
			all = append(all, Tag{Name: name, Digest: s.want.String(), Was: s.was.String(), Outcome: s.outcome})
		}
	}
	return all
}

// lookUp finds out what the destination has under each tag: from its list, or by a HEAD each.
func (t *tagger) lookUp(ctx context.Context, g *graph) error {
	t.states = map[string]*tagState{}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(2 * t.Concurrency)
	for _, name := range g.sortedTags() {
		s := &tagState{name: name, want: g.tags[name].desc.Digest}
		t.states[name] = s
		group.Go(func() error {
			var err error
			if s.was, err = t.at(inner, name); err != nil {
				return err
			}
			switch {
			case s.was == s.want:
				s.outcome = Present
			case s.was == "":
				s.outcome = Copied
			default:
				s.outcome = t.moved(name, s.was, s.want)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, name := range g.sortedTags() {
		switch s := t.states[name]; s.outcome {
		case Copied:
			if t.Base[name] != "" {
				t.note("tag %s was deleted at the destination since it was copied there, and is copied again", name)
			}
		case Kept:
			t.note("tag %s stays %s at the destination, the source has %s under it", name, s.was, s.want)
		case Unclear:
			t.note("tag %s stays %s at the destination, the source has %s under it, and which is the newer one is not known", name, s.was, s.want)
		}
	}
	return nil
}

func (t *tagger) at(ctx context.Context, name string) (digest.Digest, error) {
	if t.listed.known {
		return t.listed.tags[name], nil
	}
	desc, err := t.dst.repo.Manifests().Resolve(ctx, name)
	if errors.Is(err, errdef.ErrNotFound) {
		return "", nil
	}
	return desc.Digest, t.dst.fail(err, "looking for tag", name)
}

// refuseImmutable finds the tags that would have to be moved where none can be, before anything is sent.
func (t *tagger) refuseImmutable() error {
	if !t.immutable {
		return nil
	}
	var taken []string
	for _, s := range t.states {
		if s.outcome == Overwritten {
			taken = append(taken, s.conflict())
		}
	}
	if len(taken) == 0 {
		return nil
	}
	return t.immutableError(Some(sorted(taken)))
}

func (s *tagState) conflict() string {
	return fmt.Sprintf("tag %s is %s there and %s in the source", s.name, s.was, s.want)
}

func (t *tagger) immutableError(conflicts string) error {
	return fault.New(fault.Failed,
		"make the repository's tags mutable (aws ecr put-image-tag-mutability), delete these tags from it, or use another repository",
		"writing tags to %q: they can't be moved, and %s", t.dst.url, conflicts)
}

// due returns the first tag of a manifest that has to be written; "" when none has.
func (t *tagger) due(n *node) string {
	for _, name := range n.tags {
		if s := t.states[name]; s.outcome == Copied || s.outcome == Overwritten {
			return name
		}
	}
	return ""
}

// write writes a tag with its manifest, once.
func (t *tagger) write(ctx context.Context, n *node, name string) error {
	s := t.states[name]
	if s.outcome != Copied && s.outcome != Overwritten {
		return nil
	}
	return t.done.do(ctx, s.name, func() error {
		err := t.dst.repo.Manifests().PushReference(ctx, n.desc, bytes.NewReader(n.raw), s.name)
		err = t.dst.fail(err, "writing tag", s.name)
		if isCause(err, ecr.Immutable) {
			return t.taken(ctx, s, err)
		}
		if err == nil && s.outcome == Overwritten {
			t.note("tag %s was %s at the destination, now it is %s", s.name, s.was, s.want)
		}
		return err
	})
}

// taken looks at what an immutable tag names that could not be written: ECR refuses the same digest too
// (aws/containers-roadmap#2380).
func (t *tagger) taken(ctx context.Context, s *tagState, refused error) error {
	desc, err := t.dst.repo.Manifests().Resolve(ctx, s.name)
	switch {
	case err != nil:
		return refused
	case desc.Digest == s.want:
		return nil
	}
	s.was = desc.Digest
	return t.immutableError(s.conflict())
}
