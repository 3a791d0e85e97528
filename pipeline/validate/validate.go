// Package validate gathers the proofs that a cutover needs before Zot may go: from rendered manifests, from
// every cluster's OCIRepositories, from canaries that source-controller must fetch, and from what Hue pushed.
// Ready=True alone proves little: with an unchanged revision source-controller never reads a blob from ECR,
// and what it has stored is lost at its next restart.
package validate

import (
	"context"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Config is what every proof of one run is judged by. It does no work and is never changed.
type Config struct {
	Destination registry.Repository
	Zot         registry.Spellings // every address of the source registry; each cluster's own is added to it
	Namespace   string             // of the release: Hue and source-controller are there
	Identity    string             // the role that the service accounts are to have, for remedies; may be empty
	Hue         string             // name of Hue's Deployment; empty is hue
	Hub         *cluster.Cluster   // where Hue is, for commands that remedies name; nil is the current one

	// Images lists what is in the destination now. It is asked again while something is waited for.
	Images func(context.Context) ([]ecr.Image, error)
	// Archived lists what ECR has archived. It is asked only about what is missing. nil is nothing.
	Archived func(context.Context) ([]ecr.Image, error)
	// Copied are digests that copy wrote since the switch: none of them is a push by Hue.
	Copied []string

	// Accepted reports whether an OCIRepository of a cluster was broken before the cutover and may stay so: no proof waits
	// for it, and each says so. nil is none.
	Accepted func(cluster, namespace, name string) bool

	ReadOnly   bool      // ask source-controller for nothing: judge what is there
	KeepCert   bool      // certSecretRef and proxySecretRef are meant for ECR too, so they need not go
	SwitchedAt time.Time // since when Hue has the new settings; for the push proof

	Clusters int           // looked at at once; zero is 8
	Canaries int           // in one cluster at most; zero is 50
	Timeout  time.Duration // for ready and pull, in each cluster; zero is 5 minutes
	PushWait time.Duration // for push; zero is 1 minute
	Absence  time.Duration // for a cluster that has not answered at all yet, at most 1 minute; zero is Timeout
	Validity time.Duration // how long proofs count; zero is 1 hour
	Progress progress.Reporter
	Now      func() time.Time

	// Settle is for how long the same cause must stand before it counts as final; zero is 10 seconds: an IAM
	// policy that was just corrected takes a few seconds to work everywhere. What may pass by itself, such as
	// a lost connection, is given six times as long.
	Settle time.Duration
	// Poll is how often what can't be watched is asked again; zero is 3 seconds.
	Poll time.Duration
}

func (c Config) withDefaults() Config {
	for value, usual := range map[*time.Duration]time.Duration{
		&c.Timeout: 5 * time.Minute, &c.PushWait: time.Minute, &c.Validity: time.Hour,
		&c.Settle: 10 * time.Second, &c.Poll: 3 * time.Second,
	} {
		if *value == 0 {
			*value = usual
		}
	}
	if c.Absence == 0 {
		c.Absence = c.Timeout
	}
	c.Absence = min(c.Absence, absence)
	for value, usual := range map[*int]int{&c.Clusters: 8, &c.Canaries: 50} {
		if *value <= 0 {
			*value = usual
		}
	}
	if c.Progress == nil {
		c.Progress = progress.Discard
	}
	if c.Accepted == nil {
		c.Accepted = func(string, string, string) bool { return false }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Hub == nil {
		c.Hub = &cluster.Cluster{}
	}
	if c.Hue == "" {
		c.Hue = "hue"
	}
	return c
}
