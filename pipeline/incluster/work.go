package incluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
)

// Where a pod finds its order, and where it says how it ended.
const (
	orderDirectory = "/etc/palette-ecr"
	orderKey       = "order"
	caKey          = "ca.pem"
	messagePath    = "/dev/termination-log"
)

// interrupted is the exit code of a pod that was told to end, as a shell says of SIGTERM. It is not an answer: another pod
// goes on.
const interrupted fault.Code = 143

// Pod is what a pod of the Job has.
type Pod struct {
	Directory string      // of the order; empty is where the Job mounts it
	Message   string      // file that the outcome is written to; empty is where Kubernetes reads it
	Index     int         // of its shard
	AWS       ecr.Options // with its HTTP client
	Progress  progress.Reporter
}

// Do does what the order says, and leaves its outcome for whoever made the Job.
func Do(ctx context.Context, p Pod) error {
	if p.Directory == "" {
		p.Directory = orderDirectory
	}
	if p.Message == "" {
		p.Message = messagePath
	}
	outcome, err := p.do(ctx)
	if err != nil {
		err = fmt.Errorf("in shard %d: %w", p.Index+1, err)
		if ctx.Err() != nil {
			err = fault.New(interrupted, "the Job starts another pod", "%w", err)
		}
		counts := outcome.Counts
		outcome = failed(err)
		outcome.Counts = counts
	}
	if e := os.WriteFile(p.Message, outcome.message(), 0o600); e != nil && err == nil {
		err = fault.New(fault.Failed, "run it as the Job does", "leaving the outcome: %w", e)
	}
	return err
}

func (p Pod) do(ctx context.Context) (Outcome, error) {
	var done Outcome
	data, err := os.ReadFile(filepath.Join(p.Directory, orderKey))
	if err != nil {
		return done, fault.New(fault.Usage, "`palette-ecr copy --in-cluster` makes a Job that has it", "reading what is to be copied: %w", err)
	}
	order, err := unseal(data)
	if err != nil {
		return done, err
	}
	pairs, err := order.open(ctx, p.AWS)
	if err != nil {
		return done, err
	}
	o := copy.Options{Quotas: order.Quotas, Repair: order.Repair, Keep: order.Keep, Since: order.Since, Progress: p.Progress}
	switch order.Work {
	case Prove:
		proof, counts, err := copy.VerifyCounted(ctx, pairs, o)
		done.Summary, done.Counts, done.Proof = proof.Summary, counts, &proof
		return done, err
	case CopyShard:
		o.Shard = copy.Shard{Index: p.Index, Of: order.Shards}
		results, err := copy.RunEach(ctx, pairs, o)
		done.Summary, done.Counts = copy.Total(pairs, results)
		done.Notes = copy.Notes(pairs, results)
		return done, err
	default:
		results, proof, err := copy.RunAll(ctx, pairs, o)
		done.Summary, done.Counts = copy.Total(pairs, results)
		done.Notes = copy.Notes(pairs, results)
		done.Proof = &proof
		return done, err
	}
}

// open reaches both ends of every repository.
func (o Order) open(ctx context.Context, aws ecr.Options) ([]copy.Pair, error) {
	address, access, err := o.Source.Open(aws.HTTPClient)
	if err != nil {
		return nil, err
	}
	from, err := copy.OpenSource(address, access)
	if err != nil {
		return nil, err
	}
	var all []copy.Pair
	for _, p := range o.Pairs {
		c, err := ecr.Connect(ctx, p.Destination, aws)
		if err != nil {
			return nil, err
		}
		to, err := copy.ToECR(ctx, c)
		if err != nil {
			return nil, err
		}
		all = append(all, copy.Pair{Source: from.At(p.Source), Destination: to, References: p.References, Left: p.Left})
	}
	return all, nil
}
