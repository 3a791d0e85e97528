package validate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// prover makes one proof of one cluster: it knows how a verdict is written down.
type prover struct {
	Config
	at   Cluster
	name string // of the proof
}

func (c Config) prover(name string, at Cluster) prover {
	c = c.withDefaults()
	if at.Source != "" {
		c.Zot = c.Zot.Clone() // clusters are looked at side by side
		c.Zot.AddURL(at.Source)
	}
	return prover{Config: c, at: at, name: name}
}

func (p prover) held(summary string, evidence ...report.Evidence) report.Proof {
	return p.proof(report.Held, summary, Cause{}, evidence)
}

func (p prover) failed(summary string, why Cause, evidence ...report.Evidence) report.Proof {
	return p.proof(report.Broken, summary, why, evidence)
}

func (p prover) unproven(summary string, why Cause, evidence ...report.Evidence) report.Proof {
	return p.proof(report.Unproven, summary, why, evidence)
}

func (p prover) proof(verdict report.Verdict, summary string, why Cause, evidence []report.Evidence) report.Proof {
	now := p.Now().UTC()
	return report.Proof{
		Name: p.name, Cluster: p.at.Name, Verdict: verdict, Summary: summary, Cause: why.Cause, Remedy: why.Remedy, Evidence: evidence,
		ObservedAt: now, ExpiresAt: now.Add(p.Validity),
	}
}

// ended is the proof of a wait that was ended before it was decided.
func (p prover) ended(ctx context.Context, summary string, evidence ...report.Evidence) report.Proof {
	return p.unproven(summary, Cause{
		Cause:  "The wait was ended before it was decided: " + sentence(context.Cause(ctx).Error()) + ".",
		Remedy: "Run `palette-ecr validate` again.",
	}, evidence...)
}

// silent is the proof of a cluster that does not answer: nothing is known of it, so nothing has failed.
func (p prover) silent(err error, evidence ...report.Evidence) report.Proof {
	return p.unproven("the cluster does not answer", Cause{
		Cause:  fmt.Sprintf("Cluster %q at %s can't be asked: %s.", p.at.Name, p.at.Host, sentence(err.Error())),
		Remedy: fmt.Sprintf("Check with `%s get --raw /readyz`, and run `palette-ecr validate` again.", p.at.kubectl()),
	}, evidence...)
}

// explain looks a message up in the catalogue of causes.
func (p prover) explain(message string) Cause {
	d := p.Destination
	return Explain(message, Context{
		Namespace: p.Namespace, Repository: d.Name, ARN: d.ARN(), Registry: d.Registry.Host, Region: d.Registry.Region,
		Role: p.Identity, URL: d.URL(), Cluster: p.at.Name, Kubectl: p.at.kubectl(),
		Spoke: p.Hub.Name != "" && p.at.Name != p.Hub.Name,
	})
}

// unseen is the cause of a destination that can't be looked into. What the error itself knows is more than a guess:
// expired credentials, for example, need no further right.
func (p prover) unseen(err error) Cause {
	remedy := fault.RemedyOf(err)
	if remedy == "" {
		remedy = "give the identity that runs palette-ecr ecr:DescribeImages on " + p.Destination.ARN() + "; `palette-ecr policies` prints the operator's policy"
	}
	return Cause{Cause: "What the destination holds can't be seen: " + sentence(err.Error()), Remedy: remedy}
}

// timedOut reports whether ctx ended by its own deadline, and not because somebody ended it.
func timedOut(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), context.DeadlineExceeded)
}

// patience judges which causes are final: those that show without a break for long enough.
type patience struct {
	settle time.Duration
	since  map[any]standing
}

// standing is a cause that an object shows without a break.
type standing struct {
	cause string
	from  time.Time
}

func (p prover) patience() patience { return patience{settle: p.Settle, since: map[any]standing{}} }

// final notes that an object shows a cause, and reports whether waiting is of no use any more.
func (p patience) final(object any, generation int64, why Cause) bool {
	shown := fmt.Sprint(generation, why.ID)
	if p.since[object].cause != shown {
		p.since[object] = standing{cause: shown, from: time.Now()}
	}
	long := time.Since(p.since[object].from)
	return (why.Terminal && long >= p.settle) || (why.ID != "" && long >= 6*p.settle)
}

// forget notes that an object shows no cause any more.
func (p patience) forget(object any) { delete(p.since, object) }
