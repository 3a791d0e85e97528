package registry

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

var (
	// hostPattern is a DNS name, an IPv4 address or an IPv6 address in brackets, with or without a port.
	hostPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(:\d{1,5})?$`)
	// privatePattern takes an ECR host apart: account, dot or dash (the dash is dual-stack), FIPS, region, suffix.
	privatePattern = regexp.MustCompile(`^(\d{12})\.dkr([.-])ecr(-fips)?\.([a-z0-9-]+)\.([a-z0-9.-]+)$`)
	// aliasPattern is the alias of an ECR Public registry, Amazon's default (letter and digits) or a custom one.
	aliasPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*$`)
	// pathPattern is a name in the OCI distribution specification. The one of ECR is narrower (Repository).
	pathPattern = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
)

// Parse takes an endpoint apart: oci://host[/path], as it stands in hue.ociRegistry.endpoint. It is strict,
// since Flux compares addresses as text: the scheme must be there, and no tag, digest, trailing slash,
// white space or user name may. The error is a *fault.Error with code Usage and never shows a password.
func Parse(endpoint string) (Registry, error) {
	rest, err := split(endpoint)
	if err != nil {
		return Registry{}, err
	}
	host, path, _ := strings.Cut(rest, "/")
	if !hostPattern.MatchString(host) {
		if hostPattern.MatchString(strings.ToLower(host)) {
			return Registry{}, wrong(endpoint, "write the host in lower case", "the host %q has capitals", host)
		}
		return Registry{}, wrong(endpoint, "check the host's spelling", "%q is not a host name", host)
	}
	if path != "" && !pathPattern.MatchString(path) {
		return Registry{}, wrong(endpoint, "use lower-case letters, digits, '.', '_', '-' and '/'", "the path %q is not a repository path", path)
	}
	switch {
	case host == PublicHost:
		return parsePublic(endpoint, path)
	case looksLikeAWS(host):
		return parsePrivate(endpoint, host, path)
	}
	return Registry{Kind: Other, Host: host, Namespace: path}, nil
}

// split checks what every endpoint must and must not have, and cuts the scheme off.
func split(endpoint string) (string, error) {
	shown := redact(endpoint)
	if strings.IndexFunc(endpoint, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) >= 0 {
		return "", wrong(endpoint, "remove the white space", "it holds white space")
	}
	if strings.ContainsAny(endpoint, "<>{}$") {
		return "", wrong(endpoint, "write your own account, region and namespace in place of the placeholder", "a placeholder is left in it")
	}
	rest, ok := strings.CutPrefix(endpoint, "oci://")
	switch {
	case endpoint == "":
		return "", wrong(endpoint, "give an endpoint such as oci://<account>.dkr.ecr.<region>.amazonaws.com/<namespace>", "it is empty")
	case !ok && strings.Contains(endpoint, "://"):
		_, after, _ := strings.Cut(shown, "://")
		return "", wrong(endpoint, fmt.Sprintf("write %q", "oci://"+after), "its scheme isn't oci://")
	case !ok:
		return "", wrong(endpoint, fmt.Sprintf("write %q", "oci://"+shown), "it lacks oci://")
	case strings.Contains(rest, "@"):
		if hostPart, _, _ := strings.Cut(rest, "/"); strings.Contains(hostPart, "@") {
			return "", wrong(endpoint, "remove the user name and password", "it holds a user name")
		}
		return "", wrong(endpoint, "remove the digest: an endpoint names a registry, not an artifact", "it holds a digest")
	case strings.HasSuffix(rest, "/"):
		return "", wrong(endpoint, "remove the trailing slash", "it ends with a slash")
	case strings.ContainsAny(rest, "?#"):
		return "", wrong(endpoint, "remove everything from the '?' or '#'", "it holds a query or a fragment")
	}
	if _, path, _ := strings.Cut(rest, "/"); strings.Contains(path, ":") {
		return "", wrong(endpoint, "remove the tag: an endpoint names a registry, not an artifact", "it holds a tag")
	}
	return rest, nil
}

func parsePublic(endpoint, path string) (Registry, error) {
	alias, namespace, _ := strings.Cut(path, "/")
	if alias == "" {
		return Registry{}, wrong(endpoint, "write oci://"+PublicHost+"/<alias>; the ECR Public console shows your alias", "ECR Public needs the registry's alias")
	}
	if !aliasPattern.MatchString(alias) {
		return Registry{}, wrong(endpoint, "take the alias from the ECR Public console", "%q is not an alias", alias)
	}
	return Registry{Kind: Public, Host: PublicHost, Region: PublicRegion, Partition: "aws", Alias: alias, Namespace: namespace}, nil
}

func parsePrivate(endpoint, host, path string) (Registry, error) {
	if host == "ecr-public.aws.com" {
		return Registry{}, wrong(endpoint, "write oci://"+PublicHost+"/<alias>: it is the same registry", "it is the dual-stack host of ECR Public, which Flux takes since 2.9 only (fluxcd/pkg#1268)")
	}
	if strings.HasSuffix(host, PublicHost) {
		return Registry{}, wrong(endpoint, "write oci://"+PublicHost+"/<alias>", "ECR Public has one host and no region in it")
	}
	m := privatePattern.FindStringSubmatch(host)
	if m == nil {
		return Registry{}, wrong(endpoint, "write <account>.dkr.ecr.<region>.amazonaws.com, the account with its 12 digits", "%q is not an ECR host", host)
	}
	r := Registry{
		Kind: Private, Host: host, AccountID: m[1], Region: m[4],
		FIPS: m[3] != "", DualStack: m[2] == "-", Namespace: path,
	}
	p, ok := partitionOf(r.Region)
	if !ok {
		return Registry{}, wrong(endpoint, "check the region's spelling, for example us-east-1", "%q is not a region", r.Region)
	}
	r.Partition = p.id
	suffix := p.suffix
	if r.DualStack {
		suffix = p.dualStack
	}
	if m[5] != suffix {
		remedy := "hosts in this region end with " + p.suffix
		if p.dualStack != "" {
			remedy += ", those with dkr-ecr (dual-stack) with " + p.dualStack
		}
		return Registry{}, wrong(endpoint, remedy, "region %q doesn't go with %q", r.Region, m[5])
	}
	return r, nil
}

func wrong(endpoint, remedy, format string, args ...any) error {
	return fault.New(fault.Usage, remedy, "parsing registry endpoint %q: %s", redact(endpoint), fmt.Sprintf(format, args...))
}

// redact hides user name and password before the host, so that an error can quote the endpoint. What
// stands before an '@' is taken for them unless a digest follows.
func redact(endpoint string) string {
	scheme, rest := "", endpoint
	if before, after, ok := strings.Cut(endpoint, "://"); ok {
		scheme, rest = before+"://", after
	}
	digest := ""
	if at := strings.LastIndex(rest, "@sha"); at >= 0 {
		rest, digest = rest[:at], rest[at:]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = "****" + rest[at:]
	}
	return scheme + rest + digest
}
