package cli

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/incluster"
)

// copyCommand is a stage that several processes can do together.
func (a *app) copyCommand() *cobra.Command {
	var r runFlags
	var shard, run string
	c := &cobra.Command{
		Use: "copy", Short: "Copy every artifact from Zot to ECR, and prove that all of it is there", Long: copyHelp, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			part, err := a.run.shard(&r, shard, &run)
			if err != nil {
				return err
			}
			return a.run.pipeline(c, &r, func(o pipeline.Options) pipeline.Options {
				o.Only, o.Shard, o.Run = []string{"copy"}, part, run
				return o
			}, pipeline.Run)
		},
	}
	r.add(c)
	c.Flags().StringVar(&shard, "shard", "", "the part of everything that this process copies, such as 2/4; copy without it proves the whole")
	c.Flags().StringVar(&run, "run-id", "", "with --shard: what all its processes have in common (default GITHUB_RUN_ID, then CI_PIPELINE_ID)")
	return c
}

// shard reads --shard, and finds what its processes have in common: they hold the release together.
func (a runner) shard(r *runFlags, text string, run *string) (copy.Shard, error) {
	if text != "" && r.inCluster {
		return copy.Shard{}, fault.New(fault.Usage, "leave one out: --shards says how many pods copy", "reading the arguments: --shard is for processes of your own, and --in-cluster for pods")
	}
	if text == "" {
		if *run != "" {
			return copy.Shard{}, fault.New(fault.Usage, "leave it out, or add --shard", "reading the arguments: --run-id is for --shard")
		}
		return copy.Shard{}, nil
	}
	part, err := copy.ParseShard(text)
	if *run = cmp.Or(*run, a.Getenv("GITHUB_RUN_ID"), a.Getenv("CI_PIPELINE_ID")); err == nil && *run == "" {
		err = fault.New(fault.Usage, "give the same --run-id to every shard, a new one each time", "reading the arguments: nothing says which processes copy together")
	}
	return part, err
}

// inCluster returns which pods copy; nil: this process does.
func (a runner) inCluster(c *cobra.Command, r *runFlags) (*incluster.Options, error) {
	if c.Flags().Changed("shards") && r.pods.Shards < 1 {
		return nil, fault.New(fault.Usage, fmt.Sprintf("give 1 to %d", copy.MostShards), "reading the arguments: --shards %d: no pod would copy", r.pods.Shards)
	}
	if !r.inCluster {
		if r.pods.Image != "" || r.pods.Shards != 0 || r.pods.ServiceAccount != "" {
			return nil, fault.New(fault.Usage, "add --in-cluster", "reading the arguments: --image, --shards and --service-account are for pods that copy")
		}
		return nil, nil
	}
	var err error
	r.pods.CA, err = ecr.Bundle(a.Getenv)
	return &r.pods, err
}

// copyInPodCommand is what pods of copy --in-cluster run.
func (a *app) copyInPodCommand() *cobra.Command {
	var index int
	c := &cobra.Command{
		Use: "copy-in-pod", Short: "What pods of `copy --in-cluster` run", Hidden: true, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := ecr.HTTPClient(a.Getenv)
			if err != nil {
				return err
			}
			return incluster.Do(c.Context(), incluster.Pod{Index: index, AWS: ecr.Options{HTTPClient: client}, Progress: a.Progress()})
		},
	}
	c.Flags().IntVar(&index, "index", 0, "of its shard, from 0")
	return c
}
