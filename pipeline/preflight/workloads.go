package preflight

import (
	"context"
	"errors"
	"fmt"
	"sync"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// listing is the OCIRepositories of a cluster, listed once for all looks.
type listing struct {
	once  sync.Once
	items []sourcev1.OCIRepository
	err   error
}

// workloads returns the OCIRepositories of a cluster.
func (f *facts) workloads(ctx context.Context, c *cluster.Cluster) ([]sourcev1.OCIRepository, error) {
	known, _ := f.listings.LoadOrStore(c.Name, &listing{})
	l := known.(*listing) //nolint:forcetypeassert // nothing else is stored
	l.once.Do(func() {
		var list sourcev1.OCIRepositoryList
		if l.err = c.Client.List(ctx, &list); l.err != nil {
			l.err = fmt.Errorf("listing OCIRepositories on cluster %q: %w", c.Name, l.err)
		}
		l.items = list.Items
	})
	return l.items, l.err
}

// cause returns why AWS or a registry said no; "" for other errors.
func cause(err error) ecr.Cause {
	var refused *ecr.Error
	if errors.As(err, &refused) {
		return refused.Cause
	}
	return ""
}
