// Package registry takes the address of an OCI registry apart, once, so that nothing else in the tree has
// to know how Amazon writes ECR hosts: partition, account, region, FIPS and dual-stack hosts, the alias of
// ECR Public, the full name of a repository and its ARN.
package registry

import "strings"

// Kind of a registry.
type Kind string

const (
	Private Kind = "private" // Amazon ECR: <account>.dkr.ecr.<region>.<suffix>
	Public  Kind = "public"  // Amazon ECR Public: public.ecr.aws/<alias>
	Other   Kind = "other"   // any registry that isn't ECR, such as Zot
)

// PublicHost is the one host of ECR Public. Its dual-stack twin is unknown to source-controller, so only
// this one is taken.
const PublicHost = "public.ecr.aws"

// PublicRegion is the only region in which the ecr-public API answers
// (docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html).
const PublicRegion = "us-east-1"

// Registry is an endpoint taken apart. Make one with Parse.
type Registry struct {
	Kind      Kind
	Host      string // with the port, if there is one
	AccountID string // of a private registry: 12 digits
	Region    string // of a private registry; PublicRegion for ECR Public
	Partition string // for example aws or aws-cn; empty for Other
	FIPS      bool   // the host is FIPS validated
	DualStack bool   // the host answers on IPv6 too
	Namespace string // the path after the host, "" if there is none; for Public the part after the alias
	Alias     string // of ECR Public; it is in the address and nowhere else (not in names, not in ARNs)
}

// Endpoint writes the registry as Parse read it: oci://host/path.
func (r Registry) Endpoint() string { return "oci://" + join(r.Host, r.Alias, r.Namespace) }

// String is Endpoint.
func (r Registry) String() string { return r.Endpoint() }

// IsECR reports whether the registry is Amazon's, private or public.
func (r Registry) IsECR() bool { return r.Kind == Private || r.Kind == Public }

// InECR reports whether an address is one in ECR: oci://host/path, with a repository or without.
func InECR(address string) bool {
	r, err := Parse(address)
	return err == nil && r.IsECR()
}

// Same reports whether two registries are the same place; a private registry is the same behind its plain,
// FIPS and dual-stack hosts.
func (r Registry) Same(other Registry) bool {
	if r.Kind == Private && other.Kind == Private {
		return r.AccountID == other.AccountID && r.Region == other.Region && r.Namespace == other.Namespace
	}
	return r.Endpoint() == other.Endpoint()
}

// join puts the parts that aren't empty together with slashes.
func join(parts ...string) string {
	var full []string
	for _, part := range parts {
		if part != "" {
			full = append(full, part)
		}
	}
	return strings.Join(full, "/")
}
