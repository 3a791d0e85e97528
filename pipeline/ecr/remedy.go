package ecr

import (
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

var userAccount = regexp.MustCompile(`arn:[a-z-]+:(?:iam|sts)::(\d{12}):`)

// remedy says what to try next.
func remedy(e *Error, r registry.Repository) string {
	ecr := r.Registry.IsECR()
	switch e.Cause {
	case Denied:
		return deniedRemedy(e, r)
	case Missing:
		if ecr {
			return "create it with `" + CreateCommand(r) + "`, or correct namespace, repository or region"
		}
		return "check the repository's name"
	case NoCredentials:
		return "log in to AWS: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached"
	case BadCredentials:
		if ecr {
			return "log in to AWS again (aws sso login, or new keys); when they are new, check this machine's clock and that they are of partition " + r.Registry.Partition
		}
		return "check the registry's user name and password"
	case Unreachable:
		if ecr {
			return "check the region in the endpoint, the network, and HTTPS_PROXY and NO_PROXY if a proxy stands in between"
		}
		return "check that the registry is up and can be reached from here"
	case Untrusted:
		return "set AWS_CA_BUNDLE to a PEM file that holds the authority which signed the certificate, such as your proxy's"
	case Throttled:
		return "run it again in a while: what is there already is not sent again"
	case Broken:
		return "run it again; when it stays so, look at the registry's own health"
	case Immutable:
		return "let the repository's tags be moved (aws ecr put-image-tag-mutability), or use another repository"
	}
	return ""
}

func deniedRemedy(e *Error, r registry.Repository) string {
	if !r.Registry.IsECR() {
		return "use a user who may do this in the registry"
	}
	if m := userAccount.FindStringSubmatch(e.text); m != nil && r.Registry.AccountID != "" && m[1] != r.Registry.AccountID {
		return "these credentials are of account " + m[1] + ", the repository is in account " + r.Registry.AccountID +
			": use credentials of that account, or have its repository policy allow yours"
	}
	if e.Action == "" {
		return "allow it to these credentials; `palette-ecr policies` prints what is needed"
	}
	if strings.EqualFold(e.Action, "sts:AssumeRoleWithWebIdentity") {
		return "let the role's trust policy name this token's subject; `palette-ecr policies` prints one"
	}
	resource := e.Resource
	if resource == "" {
		resource = r.ARN()
	}
	if resource == "" || strings.HasSuffix(e.Action, ":GetAuthorizationToken") || strings.HasPrefix(e.Action, "sts:") {
		resource = "*"
	}
	return "allow " + e.Action + " on " + resource + " to these credentials; `palette-ecr policies` prints what is needed"
}
