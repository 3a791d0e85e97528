package copy

import (
	"context"
	"fmt"
	"math"

	"golang.org/x/time/rate"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Limits is how many requests a second may be sent, by the ECR API call that they count as (PutImage,
// InitiateLayerUpload, ...). What is not in it is not limited.
type Limits map[string]float64

// DefaultLimits are ECR's default quotas, which count for an account and a region:
// docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html, and for ECR Public
// docs.aws.amazon.com/AmazonECR/latest/public/public-service-quotas.html, which counts the reading of manifests as
// pulls.
// Other registries are not limited.
func DefaultLimits(kind registry.Kind) Limits {
	switch kind {
	case registry.Private:
		return Limits{
			"PutImage": 10, "InitiateLayerUpload": 100, "CompleteLayerUpload": 100, "UploadLayerPart": 500,
			"BatchCheckLayerAvailability": 1000, "BatchGetImage": 2000, "GetDownloadUrlForLayer": 3000,
		}
	case registry.Public:
		return Limits{
			"PutImage": 10, "InitiateLayerUpload": 10, "CompleteLayerUpload": 10, "UploadLayerPart": 260,
			"BatchCheckLayerAvailability": 200, "BatchGetImage": 10,
		}
	}
	return nil
}

// buckets are the token buckets, one for each kind of request, each as deep as one second's worth.
type buckets map[string]*rate.Limiter

func newBuckets(l Limits) buckets {
	b := buckets{}
	for verb, perSecond := range l {
		if perSecond > 0 {
			b[verb] = rate.NewLimiter(rate.Limit(perSecond), int(math.Max(1, perSecond)))
		}
	}
	return b
}

// wait waits for its turn.
func (b buckets) wait(ctx context.Context, verb string) error {
	bucket, ok := b[verb]
	if !ok || ctx.Err() != nil {
		return ctx.Err()
	}
	if err := bucket.Wait(ctx); err != nil {
		if ctx.Err() == nil { // the deadline would pass while waiting
			return fmt.Errorf("waiting for the limit of %s: %w", verb, context.DeadlineExceeded)
		}
		return ctx.Err()
	}
	return nil
}
