// Package validate gathers the proofs that a cutover needs before Zot may go: from rendered manifests, from
// every cluster's OCIRepositories, from a canary that source-controller must fetch, and from what Hue pushed.
// Ready=True alone proves little: with an unchanged revision source-controller never reads a blob from ECR,
// and what it has stored is lost at its next restart.
package validate

import (
	"context"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Options are what all proofs need to know.
type Options struct {
	Destination registry.Repository
	Source      string // URL of the source repository: oci://zot.mural-system.svc.cluster.local:5000/mural-workloads
	Namespace   string // of the release: Hue, source-controller and the canary are there
	Identity    string // the role that the service accounts are to have, for remedies; may be empty

	// Images gives what is in the destination now. It is asked again while something is waited for.
	Images func(context.Context) ([]ecr.Image, error)

	ReadOnly   bool      // ask source-controller for nothing: judge what is there
	SwitchedAt time.Time // since when Hue has the new settings; for the push proof
	Hue        string    // name of Hue's Deployment; empty is hue

	Timeout  time.Duration // for ready and pull, in each cluster; zero is 5 minutes
	PushWait time.Duration // for push; zero is 1 minute
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

func (o *Options) complete() {
	for value, usual := range map[*time.Duration]time.Duration{
		&o.Timeout: 5 * time.Minute, &o.PushWait: time.Minute, &o.Validity: time.Hour,
		&o.Settle: 10 * time.Second, &o.Poll: 3 * time.Second,
	} {
		if *value == 0 {
			*value = usual
		}
	}
	if o.Progress == nil {
		o.Progress = progress.Discard
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Hue == "" {
		o.Hue = "hue"
	}
}

// proof begins a proof; what becomes of it is set by who looks.
func (o *Options) proof(name, cluster string) report.Proof {
	return report.Proof{Name: name, Cluster: cluster}
}

// held, broken and unproven close a proof with its verdict, its time and until when it counts.

func (o *Options) held(p report.Proof, summary string) report.Proof {
	return o.close(p, report.Held, summary, Cause{})
}

func (o *Options) broken(p report.Proof, summary string, why Cause) report.Proof {
	return o.close(p, report.Broken, summary, why)
}

func (o *Options) unproven(p report.Proof, summary string, why Cause) report.Proof {
	return o.close(p, report.Unproven, summary, why)
}

func (o *Options) close(p report.Proof, verdict report.Verdict, summary string, why Cause) report.Proof {
	p.Verdict, p.Summary, p.Cause, p.Remedy = verdict, summary, why.Cause, why.Remedy
	p.ObservedAt = o.Now().UTC()
	p.ExpiresAt = p.ObservedAt.Add(o.Validity)
	return p
}

// stands tells that a cause which shows without a break for that long is final.
func (o *Options) stands(why Cause, long time.Duration) bool {
	return (why.Terminal && long >= o.Settle) || (why.ID != "" && long >= 6*o.Settle)
}

// explain looks a message up in the catalogue of causes.
func (o *Options) explain(message string) Cause {
	return Explain(message, Context{
		Namespace: o.Namespace, Repository: o.Destination.Name, ARN: o.Destination.ARN(), Registry: o.Destination.Registry.Host,
		Region: o.Destination.Registry.Region, Role: o.Identity, URL: o.Destination.URL(),
	})
}
