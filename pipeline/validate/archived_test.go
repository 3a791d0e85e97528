package validate

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestArchivedIsNotMissing: the archive is the cause at once, with the command that restores the image; where it can't be
// seen, the artifact is merely missing.
func TestArchivedIsNotMissing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		archived := []ecr.Image{{Digest: digestA, Tags: []string{"v1"}}}
		o := config(t)
		o.Images = func(context.Context) ([]ecr.Image, error) { return []ecr.Image{{Digest: digestB}}, nil }
		o.Archived = func(context.Context) ([]ecr.Image, error) { return archived, nil }
		c, _ := fakeCluster(t, asItIs, workload(t, "checkout"))
		began := time.Now()
		p := Ready(t.Context(), c, o)
		require.Equal(t, report.Broken, p.Verdict)
		assert.Contains(t, p.Cause, "ECR has archived what OCIRepository mural-system/checkout reads (v1, "+digestA)
		assert.Contains(t, p.Remedy, "aws ecr update-image-storage-class --repository-name palette/mural-workloads --image-id imageDigest="+digestA)
		assert.Less(t, time.Since(began), time.Minute, "nobody waits for it")

		o.Archived = func(context.Context) ([]ecr.Image, error) { return nil, errors.New("denied") }
		c, _ = fakeCluster(t, asItIs, workload(t, "checkout"))
		p = Ready(t.Context(), c, o)
		require.Equal(t, report.Broken, p.Verdict)
		assert.Contains(t, p.Cause, "is not in the destination")
	})
}
