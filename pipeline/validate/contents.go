package validate

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// contents is what the destination holds at one moment.
type contents struct {
	tags    map[string]string // digest by tag
	digests map[string]bool
}

func indexed(images []ecr.Image) *contents {
	c := &contents{tags: map[string]string{}, digests: map[string]bool{}}
	for _, image := range images {
		c.digests[image.Digest] = true
		for _, tag := range image.Tags {
			c.tags[tag] = image.Digest
		}
	}
	return c
}

// lacks tells what is wrong with a revision as source-controller writes it, <tag>@<digest> or <digest>:
// with a tag the destination must have that very digest under it now. Empty: nothing is wrong.
func (c *contents) lacks(revision string) string {
	tag, digest, tagged := strings.Cut(revision, "@")
	if !tagged {
		tag, digest = "", revision
	}
	switch {
	case !c.digests[digest]:
		return "its revision " + revision + " is not in the destination"
	case tag == "":
		return ""
	case c.tags[tag] == "":
		return "the destination has no tag " + tag
	case c.tags[tag] != digest:
		return "it has " + revision + ", but the destination's tag " + tag + " is now " + c.tags[tag]
	}
	return ""
}
