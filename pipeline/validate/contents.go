package validate

import (
	"context"
	"strings"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// contents is what the destination holds. It is asked again, now and then, while something is missing in it.
type contents struct {
	images func(context.Context) ([]ecr.Image, error) // nil: there is nothing to compare with
	poll   time.Duration

	index *index
	at    time.Time // when it was asked
}

// index is what the destination held at one moment.
type index struct {
	tags    map[string]string // digest by tag
	digests map[string]bool
}

// lack returns what is wrong with a revision; "" when nothing is.
func (c *contents) lack(ctx context.Context, revision string) (string, error) {
	if c.images == nil {
		return "", nil
	}
	if c.index != nil {
		if lacks := c.index.lack(revision); lacks == "" || time.Since(c.at) < c.poll {
			return lacks, nil
		}
	}
	images, err := c.images(ctx)
	if err != nil {
		return "", err
	}
	c.index, c.at = indexed(images), time.Now()
	return c.index.lack(revision), nil
}

func indexed(images []ecr.Image) *index {
	x := &index{tags: map[string]string{}, digests: map[string]bool{}}
	for _, image := range images {
		x.digests[image.Digest] = true
		for _, tag := range image.Tags {
			x.tags[tag] = image.Digest
		}
	}
	return x
}

// lack returns what is wrong with a revision as source-controller writes it, <tag>@<digest> or <digest>:
// with a tag the destination must have that very digest under it now. Empty: nothing is wrong.
func (x *index) lack(revision string) string {
	tag, digest, tagged := strings.Cut(revision, "@")
	if !tagged {
		tag, digest = "", revision
	}
	switch {
	case !x.digests[digest]:
		return "its revision " + revision + " is not in the destination"
	case tag == "":
		return ""
	case x.tags[tag] == "":
		return "the destination has no tag " + tag
	case x.tags[tag] != digest:
		return "it has " + revision + ", but the destination's tag " + tag + " is now " + x.tags[tag]
	}
	return ""
}
