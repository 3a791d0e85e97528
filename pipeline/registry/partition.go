package registry

import (
	"regexp"
	"slices"
	"strings"
)

// partition is one of Amazon's separate clouds: its id in ARNs, the suffixes of its ECR hosts (plain and
// dual-stack, "" where none is documented), and what its regions look like.
//
// Sources: the partitions.json of the AWS SDK, the host pattern of amazon-ecr-credential-helper, and
// fluxcd/pkg auth/aws.
type partition struct {
	id        string
	suffix    string
	dualStack string
	regions   *regexp.Regexp
}

// partitions lists the narrow ones first: aws takes every region that is none of the others'.
var partitions = []partition{
	{"aws-cn", "amazonaws.com.cn", "on.amazonwebservices.com.cn", regexp.MustCompile(`^cn-[a-z]+-\d+$`)},
	{"aws-us-gov", "amazonaws.com", "on.aws", regexp.MustCompile(`^us-gov-[a-z]+-\d+$`)},
	{"aws-eusc", "amazonaws.eu", "on.amazonwebservices.eu", regexp.MustCompile(`^eusc-[a-z]+-[a-z]+-\d+$`)},
	{"aws-iso", "c2s.ic.gov", "", regexp.MustCompile(`^us-iso-[a-z]+-\d+$`)},
	{"aws-iso-b", "sc2s.sgov.gov", "", regexp.MustCompile(`^us-isob-[a-z]+-\d+$`)},
	{"aws-iso-e", "cloud.adc-e.uk", "", regexp.MustCompile(`^eu-isoe-[a-z]+-\d+$`)},
	{"aws-iso-f", "csp.hci.ic.gov", "", regexp.MustCompile(`^(us|eu)-isof-[a-z]+-\d+$`)},
	{"aws", "amazonaws.com", "on.aws", regexp.MustCompile(`^[a-z]{2}-[a-z]+-\d+$`)},
}

// FIPSRegions are those in which ECR has FIPS hosts (https://docs.aws.amazon.com/general/latest/gr/ecr.html).
var FIPSRegions = []string{"us-east-1", "us-east-2", "us-west-1", "us-west-2", "us-gov-east-1", "us-gov-west-1"}

// Regions are those that AWS has in the partitions that anybody can reach (the partitions.json of the AWS SDK,
// aws-sdk-go-v2 of 2026-11). AWS opens new ones: one that is not here may exist.
var Regions = []string{
	"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
	"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
	"ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2",
	"eu-west-3", "il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
	"cn-north-1", "cn-northwest-1", "eusc-de-east-1", "us-gov-east-1", "us-gov-west-1",
}

// KnownRegion reports whether AWS has a region, as far as is known. Of the isolated partitions nothing is.
func KnownRegion(region string) bool {
	return slices.Contains(Regions, region) || strings.HasPrefix(PartitionOf(region), "aws-iso")
}

// partitionOf returns the partition of a region.
func partitionOf(region string) (partition, bool) {
	for _, p := range partitions {
		if p.regions.MatchString(region) {
			return p, true
		}
	}
	return partition{}, false
}

// Domain returns what the host of a private registry ends with unless it is a dual-stack host, for example amazonaws.com.
func (r Registry) Domain() string {
	p, _ := partitionOf(r.Region)
	return p.suffix
}

// PartitionOf returns the ID of the partition that a region is in, for example aws-cn, or "".
func PartitionOf(region string) string {
	p, _ := partitionOf(region)
	return p.id
}

// looksLikeAWS reports whether a host is, or was meant to be, one of Amazon's registries: such a host that
// can't be taken apart is a mistake, not another registry.
func looksLikeAWS(host string) bool {
	host = strings.ToLower(host)
	if strings.Contains(host, ".dkr.ecr") || strings.Contains(host, ".dkr-ecr") || strings.HasPrefix(host, "dkr.ecr") {
		return true
	}
	for _, suffix := range []string{
		"amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "ecr.aws", "on.aws", "api.aws", "ecr-public.aws.com",
		"on.amazonwebservices.com.cn", "on.amazonwebservices.eu", "c2s.ic.gov", "sc2s.sgov.gov", "cloud.adc-e.uk", "csp.hci.ic.gov",
	} {
		if host == suffix || strings.HasSuffix(host, "."+suffix) {
			return true
		}
	}
	return false
}
