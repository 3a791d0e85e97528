package copy

import (
	"context"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Survey is what a copy would send, found out without sending anything.
type Survey struct {
	Off         bool // there is no source: Zot is off
	Source      string
	Destination registry.Repository
	Manifests   int // in the source

	Tags             int // that would be written
	MissingManifests int
	MissingBlobs     int   // of these, at most: some may be there
	Bytes            int64 // of these blobs and manifests, at most

	Incomplete []string // blobs that the source lacks, of what would be sent
	Unseen     int      // blobs that were not looked for in the source, since there are too many

	Refused   []string      // manifests that ECR would not take, each with the reason
	Immutable []string      // tags that would have to be moved where none can be
	Least     time.Duration // that the destination's quotas make it
}

// Missing says in words what would be sent.
func (s Survey) Missing() string {
	if s.MissingManifests == 0 && s.Tags == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%d manifests, at most %d blobs, %s, under %d tags", s.MissingManifests, s.MissingBlobs, size(s.Bytes), s.Tags)
}

// Look finds out what Run would send. It reads every manifest of the source; of the destination it needs the list of
// images, or a HEAD for each tag. A destination that does not exist yet has nothing.
func Look(ctx context.Context, src Source, dst Destination, o Options) (Survey, error) {
	c := &copier{job: newJob(&src, dst, o)}
	s, err := c.look(ctx)
	if err != nil {
		err = fault.New(fault.CodeOf(err), fault.RemedyOf(err), "looking at what is to be copied from %q to %q: %w", c.src.url, c.dst.url, err)
	}
	return s, err
}

func (c *copier) look(ctx context.Context) (Survey, error) {
	s := Survey{Source: c.src.url, Destination: c.dst.address}
	g, err := c.inventory(ctx)
	if err != nil {
		return s, err
	}
	there, err := c.listNew(ctx)
	if err != nil {
		return s, err
	}
	s.Manifests = len(g.nodes)
	blobs, missing := map[digest.Digest]bool{}, []*blob(nil)
	for _, n := range g.sorted() {
		if there.there[n.desc.Digest] {
			continue
		}
		s.MissingManifests++
		s.Bytes += n.desc.Size
		for _, b := range n.blobs {
			if !blobs[b.desc.Digest] {
				blobs[b.desc.Digest] = true
				missing = append(missing, b)
				s.Bytes += b.desc.Size
			}
		}
	}
	s.MissingBlobs = len(blobs)
	looked := 0
	if s.Incomplete, looked, err = c.lackingBlobs(ctx, missing); err != nil {
		return s, err
	}
	s.Unseen = len(missing) - looked
	if c.dst.address.Registry.IsECR() {
		s.Refused, _ = refusals(g, there)
	}
	tags := &tagger{job: c.job, listed: there}
	if err := tags.lookUp(ctx, g); err != nil {
		return s, err
	}
	for _, name := range g.sortedTags() {
		switch t := tags.states[name]; t.outcome {
		case Overwritten:
			s.Tags++
			if c.immutable {
				s.Immutable = append(s.Immutable, t.conflict())
			}
		case Copied:
			s.Tags++
		}
	}
	s.Least = c.least(max(s.MissingManifests, s.Tags), s.MissingBlobs)
	return s, nil
}

// least returns how long the quotas make it at least to send so much, in whole seconds.
func (j *job) least(manifests, blobs int) time.Duration {
	seconds := j.limits(j.dst.address.Registry.Kind, j.Keep).seconds(map[string]int{
		"PutImage": manifests, "InitiateLayerUpload": blobs, "CompleteLayerUpload": blobs,
	})
	return time.Duration(seconds * float64(time.Second)).Round(time.Second)
}
