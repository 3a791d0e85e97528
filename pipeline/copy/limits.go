package copy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
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

// ParseQuotas reads the quotas of an account, requests a second by API call, as Service Quotas names them in "Rate of
// PutImage requests". They win over the defaults.
func ParseQuotas(quotas map[string]int) (Limits, error) {
	known := slices.Sorted(maps.Keys(DefaultLimits(registry.Private)))
	limits := Limits{}
	for _, name := range slices.Sorted(maps.Keys(quotas)) {
		if !slices.Contains(known, name) {
			return nil, fault.New(fault.Usage, "use one of "+strings.Join(known, ", "), "reading the quota of %q: there is no such API call", name)
		}
		if quotas[name] < 1 {
			return nil, fault.New(fault.Usage, "give requests a second, such as "+name+"=50", "reading the quota of %s: %d is not a rate", name, quotas[name])
		}
		limits[name] = float64(quotas[name])
	}
	return limits, nil
}

// hueShare is what is left of each quota to hue, when it pushes to the same account meanwhile.
const hueShare = 0.2

// limits returns the quotas that hold at a registry: an account's own, or else the defaults. Where hue pushes too, a
// share is left to it.
func (o Options) limits(kind registry.Kind, shared bool) Limits {
	if o.Limits != nil {
		return o.Shard.share(maps.Clone(o.Limits))
	}
	limits := DefaultLimits(kind)
	for name := range limits {
		if own, ok := o.Quotas[name]; ok {
			limits[name] = own
		}
		if shared {
			limits[name] *= 1 - hueShare
		}
	}
	return o.Shard.share(limits)
}

// Least says in words how long quotas make a copy at least.
func Least(d time.Duration) string { return fmt.Sprintf("ECR's quotas make it at least %s", d) }

// seconds returns how long so many requests take at least. What is not limited takes no time.
func (l Limits) seconds(requests map[string]int) float64 {
	longest := 0.0
	for verb, count := range requests {
		if perSecond := l[verb]; perSecond > 0 {
			longest = max(longest, float64(count-burst(perSecond))/perSecond) // a bucket is full at the start
		}
	}
	return longest
}
