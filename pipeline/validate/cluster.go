package validate

import (
	"context"
	"fmt"
	"strings"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

// Cluster is one cluster of the fleet, with the address at which its workloads know Zot.
type Cluster struct {
	*cluster.Cluster
	Source string // URL of the source repository as this cluster's OCIRepositories name it; "" when nobody knows
}

// kubectl returns the command kubectl with what makes it reach this cluster.
func (c Cluster) kubectl() string { return strings.TrimSpace(c.Kubectl("")) }

// answerTimeout is how long an API server has to answer one small question.
const answerTimeout = 15 * time.Second

// absence is how long an API server may be gone for a question that nobody has given a time, and before anything is known of
// the cluster.
const absence = time.Minute

// answers asks the API server for as little as can be, also when ctx has ended: what was waited for and did not come may be
// the cluster's answer itself.
func (c Cluster) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	return c.Client.List(ctx, &sourcev1.OCIRepositoryList{}, client.Limit(1))
}

// workloads lists the OCIRepositories that could be a workload's. An API server that is gone for a moment is asked
// again for as long as ctx lasts, and for at most absence where ctx has no end.
func (c Cluster) workloads(ctx context.Context) ([]sourcev1.OCIRepository, error) {
	if _, ends := ctx.Deadline(); !ends {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, absence)
		defer cancel()
	}
	var gone error
	for {
		var list sourcev1.OCIRepositoryList
		err := c.Client.List(ctx, &list)
		switch {
		case err == nil:
			return list.Items, nil
		case gone != nil && ctx.Err() != nil:
			return nil, gone // which says more than that the time is over
		}
		err = fmt.Errorf("listing OCIRepositories on cluster %q: %w", c.Name, err)
		if !transient.Error(err) {
			return nil, err
		}
		gone = fault.New(fault.Failed, fmt.Sprintf("see whether its API server answers, with `%s`, and run again", c.Kubectl("get ocirepositories --all-namespaces")), "%w", err)
		select {
		case <-ctx.Done():
			return nil, gone
		case <-time.After(glance):
		}
	}
}

// defaultAccount returns the ServiceAccount that source-controller takes for OCIRepositories that name none, as its
// flag says; "" when it has no such flag, or when it can't be seen.
func (c Cluster) defaultAccount(ctx context.Context) string {
	const flag = "--default-service-account"
	var list appsv1.DeploymentList
	if c.Client.List(ctx, &list, client.MatchingFields{"metadata.name": "source-controller"}) != nil {
		return ""
	}
	for _, d := range list.Items {
		for _, container := range d.Spec.Template.Spec.Containers {
			args := append(append([]string{}, container.Command...), container.Args...)
			for i, arg := range args {
				if value, ok := strings.CutPrefix(arg, flag+"="); ok {
					return value
				}
				if arg == flag && i+1 < len(args) {
					return args[i+1]
				}
			}
		}
	}
	return ""
}
