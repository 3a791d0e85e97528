package copy

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// buckets are the token buckets, one for each kind of request.
type buckets map[string]*bucket

func newBuckets(l Limits) buckets {
	b := buckets{}
	for verb, perSecond := range l {
		if perSecond > 0 {
			b[verb] = &bucket{quota: perSecond, limiter: rate.NewLimiter(rate.Limit(perSecond), burst(perSecond))}
		}
	}
	return b
}

// burst is how many requests go at once at the start.
func burst(perSecond float64) int { return int(math.Max(1, depth*perSecond)) }

// bucket is a token bucket that learns. It is less deep than ECR's, which holds one second's worth: requests that the
// network brings closer together must not be too many there. A quota counts for a whole account: what others
// use of it shows only in that requests are throttled. So the rate is halved then, and grows again while all goes well.
type bucket struct {
	quota   float64 // requests a second, the most there can be
	limiter *rate.Limiter

	mu      sync.Mutex
	changed time.Time // when the rate was last moved
}

const (
	slowest = 1.0 / 32 // of the quota
	growth  = 1.0 / 4  // of the quota, each time that settle has gone by
	depth   = 0.7      // seconds' worth
	settle  = time.Second
)

// throttled halves the rate. Requests that were under way together are throttled together, which counts once.
func (b *bucket) throttled() {
	b.move(func(perSecond float64) float64 { return math.Max(b.quota*slowest, perSecond/2) })
}

// went lets the rate grow, back to the quota at most.
func (b *bucket) went() {
	b.move(func(perSecond float64) float64 { return math.Min(b.quota, perSecond+b.quota*growth) })
}

func (b *bucket) move(to func(float64) float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if now.Sub(b.changed) < settle {
		return
	}
	b.changed = now
	b.limiter.SetLimit(rate.Limit(to(float64(b.limiter.Limit()))))
}

// wait waits for its turn. A nil bucket does not limit.
func (b *bucket) wait(ctx context.Context, verb string) error {
	if b == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if err := b.limiter.Wait(ctx); err != nil {
		if ctx.Err() == nil { // the deadline would pass while waiting
			return fmt.Errorf("waiting for the limit of %s: %w", verb, context.DeadlineExceeded)
		}
		return ctx.Err()
	}
	return nil
}
