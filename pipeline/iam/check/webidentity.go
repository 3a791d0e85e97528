package check

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
)

// WebIdentity returns the request that AWS evaluates a trust policy for when a pod shows its service account
// token (AssumeRoleWithWebIdentity). The partition and account are the role's.
func WebIdentity(role iam.Role, issuer, subject string, audiences ...string) evaluate.Request {
	id := strings.TrimPrefix(issuer, "https://")
	return evaluate.Request{
		Principal: evaluate.Caller{Federated: iam.Trust{Role: role}.ProviderARN(id)},
		Action:    "sts:AssumeRoleWithWebIdentity",
		Resource:  role.ARN(),
		Context:   map[string][]string{id + ":sub": {subject}, id + ":aud": audiences},
	}
}
