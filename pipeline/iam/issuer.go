package iam

import (
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

var issuerPattern = regexp.MustCompile(`^[a-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-])?$`)

// issuerID is the issuer as IAM writes it, in provider ARNs and in condition keys: the URL without https://.
func issuerID(issuer string) (string, error) {
	id := strings.TrimPrefix(issuer, "https://")
	if !issuerPattern.MatchString(id) {
		return "", fault.New(fault.Usage,
			"give it as EKS does: https://oidc.eks.<region>.amazonaws.com/id/<id>, without a slash at the end",
			"reading OIDC issuer %q: it is not an https:// URL of host and path", issuer)
	}
	return id, nil
}

// WebIdentity is the request that AWS evaluates a trust policy for when a pod shows its service account
// token (AssumeRoleWithWebIdentity). The partition and account are the role's.
func WebIdentity(role Role, issuer, subject string, audiences ...string) Request {
	id := strings.TrimPrefix(issuer, "https://")
	return Request{
		Principal: Caller{Federated: Trust{Role: role}.providerARN(id)},
		Action:    "sts:AssumeRoleWithWebIdentity",
		Resource:  role.ARN(),
		Context:   map[string][]string{id + ":sub": {subject}, id + ":aud": audiences},
	}
}
