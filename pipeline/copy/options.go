package copy

import (
	"context"
	"time"

	"oras.land/oras-go/v2/registry/remote"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Source is the repository to copy from. OpenSource makes one, and FromECR.
type Source struct {
	Repository *remote.Repository
	URL        string              // oci://host/path, as OCIRepositories name it
	Address    registry.Repository // of ECR, for remedies; empty otherwise
}

// Destination is the repository to copy to. ToECR makes one, and OpenDestination.
type Destination struct {
	Repository *remote.Repository
	Address    registry.Repository // for limits, and for remedies
	Immutable  bool                // its tags can't be moved: differing ones are found before anything is sent

	// Images lists what is there, if the registry has an API for it: it saves a HEAD for each tag. May be nil.
	Images func(context.Context) ([]ecr.Image, error)

	// Layers says which of at most ecr.MostLayers blobs are there, with their sizes in bytes, if the registry has an
	// API for it: it saves a HEAD for each. May be nil.
	Layers func(context.Context, []string) (map[string]int64, error)

	// Manifests reads at most ecr.MostManifests manifests by tag or digest, of the media types that it is given, if the
	// registry has an API for it: it saves a GET for each when everything is read again. May be nil.
	Manifests func(ctx context.Context, tags, digests, accepted []string) ([]ecr.Manifest, error)
}

// Reference is what a cluster uses: the tag and digest of one OCIRepository. At least one is set.
type Reference struct {
	Tag    string
	Digest string // with a tag: the revision that the cluster has; without: what spec.ref.digest pins
	From   string // OCIRepository namespace/name@cluster
}

// Options of Run, Verify, RunProven and Complete. The zero value is good.
type Options struct {
	References []Reference
	Keep       bool // a tag that names something else at the destination stays as it is there: the destination is the newer one

	// Base is what the destination had under each tag before it became the newer one (Result.Base). With Keep, a tag that
	// still names it was not moved there since: then the source has moved it, and it is copied. nil: nobody knows.
	Base map[string]string

	// Since is when the destination became the newer one, by its own clock, while it is not known yet whether something
	// came to the source at that time. With Keep and without Base, what the destination lists says which of the two is the
	// newer one; where it does not, the tag stays and the closure is unproven. Zero: the source has nothing newer.
	Since time.Time

	Left   []string // tags and digests that stay in the source knowingly: neither copied nor missed
	Shard  Shard    // the part that is this process's; the zero value is everything
	Repair bool     // trust no manifest that is there to be whole: look at every child and blob

	// BeforeWrite is called right before each request that changes the destination, and its error ends it: whoever holds a
	// Lease takes it here, so that a run with nothing to copy takes none. nil is nothing.
	BeforeWrite func(context.Context) error

	Concurrency int               // artifacts at once, and twice as many requests at either end; 0 is 16
	Limits      Limits            // requests a second at either end, instead of ECR's quotas; nil: ECR's quotas
	Quotas      Limits            // of the account, where they are not ECR's defaults
	Progress    progress.Reporter // nil is none
	Now         func() time.Time  // nil is time.Now
	Lifetime    time.Duration     // how long the proof counts; 0 is an hour

	placed *placed // of RunAll and RunEach, which copy several repositories; nil mounts nothing
}

func (o Options) withDefaults() Options {
	if o.Concurrency <= 0 {
		o.Concurrency = 16
	}
	if o.Progress == nil {
		o.Progress = progress.Discard
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Lifetime == 0 {
		o.Lifetime = time.Hour
	}
	return o
}

// ToECR makes a destination of a client. The repository must exist: the error's remedy is the command that
// makes it. When the credentials may not describe the repository, that is left to the copying itself.
func ToECR(ctx context.Context, c *ecr.Client) (Destination, error) {
	d, err := ToNew(ctx, c)
	if err != nil {
		return Destination{}, err
	}
	return d, nil
}

// ToNew is ToECR for a repository that need not exist: with the error that says so, the destination is whole.
func ToNew(ctx context.Context, c *ecr.Client) (Destination, error) {
	d := Destination{Address: c.Repository, Images: c.Images, Layers: c.Layers}
	if ecr.ReadsManifests(c.Repository) {
		d.Manifests = c.Manifests
	}
	info, missing := c.Require(ctx)
	if missing != nil && !isCause(missing, ecr.Denied) && !isCause(missing, ecr.Missing) {
		return Destination{}, missing
	}
	d.Immutable = info.Immutable()
	var err error
	if d.Repository, err = c.Target(ctx); err == nil && isCause(missing, ecr.Missing) {
		err = missing
	}
	return d, err
}

// FromECR makes a source of a client, for the rollback.
func FromECR(ctx context.Context, c *ecr.Client) (Source, error) {
	repo, err := c.Target(ctx)
	return Source{Repository: repo, URL: c.Repository.URL(), Address: c.Repository}, err
}
