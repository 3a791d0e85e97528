package check

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Facts are values of condition keys that documents cannot tell. What is empty is unknown.
type Facts struct {
	Endpoint     string            // the VPC endpoint that requests to ECR go through (aws:SourceVpce)
	SourceIP     string            // that requests come from; inside the VPC when there is an endpoint
	OrgID        string            // of the accounts
	ResourceTags map[string]string // of the repository
	Date         time.Time         // zero is now
	Keys         map[string]string // any other condition key; an empty value is that requests lack it
}

// The forms that AWS documents: VpcEndpointId of the EC2 API, Id of an Organization.
var (
	endpointPattern = regexp.MustCompile(`^vpce-[0-9a-f]+$`)
	orgPattern      = regexp.MustCompile(`^o-[a-z0-9]+$`)
)

// Validate refuses facts that cannot be. The error is a *fault.Error, Usage.
func (f Facts) Validate() error {
	refuse := func(remedy, format string, args ...any) error {
		return fault.New(fault.Usage, remedy, "reading facts: "+format, args...)
	}
	if f.Endpoint != "" && !endpointPattern.MatchString(f.Endpoint) {
		return refuse("give it as vpce-0123456789abcdef0", "%q is not the ID of a VPC endpoint", f.Endpoint)
	}
	if f.OrgID != "" && !orgPattern.MatchString(f.OrgID) {
		return refuse("give it as aws organizations describe-organization shows it: o-a1b2c3d4e5", "%q is not the ID of an organization", f.OrgID)
	}
	if f.SourceIP != "" {
		address, err := netip.ParseAddr(f.SourceIP)
		switch {
		case err != nil:
			return refuse("give one address, without a prefix length", "%q is not an IP address", f.SourceIP)
		case address.IsPrivate() && f.Endpoint == "":
			return refuse("give --vpce as well, or the public address of the NAT gateway", "%q is a private address, which AWS sees only through a VPC endpoint", f.SourceIP)
		}
	}
	for key := range f.Keys {
		if prefix, name, ok := strings.Cut(key, ":"); !ok || prefix == "" || name == "" {
			return refuse("give it as aws:PrincipalTag/team=red", "%q is not a condition key", key)
		}
	}
	return nil
}

// in adds what every request has, whoever makes it, and overrides it with what was given by key.
func (f Facts) in(context map[string][]string) map[string][]string {
	date := f.Date
	if date.IsZero() {
		date = time.Now()
	}
	context["aws:CurrentTime"] = []string{date.UTC().Format(time.RFC3339)}
	context["aws:EpochTime"] = []string{strconv.FormatInt(date.Unix(), 10)}
	context["aws:SecureTransport"] = []string{"true"}
	for key, value := range f.Keys {
		for known := range context {
			if strings.EqualFold(known, key) {
				delete(context, known)
			}
		}
		if context[key] = []string{value}; value == "" {
			context[key] = nil
		}
	}
	return context
}

// giveFlag says how to give the value of a condition key.
func giveFlag(key string) string {
	lower := strings.ToLower(key)
	for prefix, flag := range map[string]string{
		"aws:sourcevpce": "--vpce", "aws:sourceip": "--source-ip", "aws:vpcsourceip": "--source-ip and --vpce",
		"aws:principalorgid": "--org-id", "aws:sourceorgid": "--org-id", "aws:resourceorgid": "--org-id",
		"aws:principalarn": "--role-arn", "aws:sourcearn": "--cluster",
		strings.ToLower("aws:RequestTag/eks-cluster-arn"): "--cluster", strings.ToLower("aws:RequestTag/eks-cluster-name"): "--cluster",
	} {
		if lower == prefix {
			return "give " + flag
		}
	}
	if prefix, tag, ok := strings.Cut(key, "/"); ok && strings.HasSuffix(strings.ToLower(prefix), ":resourcetag") {
		return "give --resource-tag " + tag + "=<value>"
	}
	return "give --fact " + key + "=<value>"
}
