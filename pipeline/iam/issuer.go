package iam

import (
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

var issuerPattern = regexp.MustCompile(`^[a-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-])?$`)

// IssuerID returns the issuer as IAM writes it, in provider ARNs and in condition keys: the URL without
// https://. The error is a *fault.Error, Usage.
func IssuerID(issuer string) (string, error) {
	id := strings.TrimPrefix(issuer, "https://")
	if !issuerPattern.MatchString(id) {
		return "", fault.New(fault.Usage,
			"give it as EKS does: https://oidc.eks.<region>.amazonaws.com/id/<id>, without a slash at the end",
			"reading OIDC issuer %q: it is not an https:// URL of host and path", issuer)
	}
	return id, nil
}
