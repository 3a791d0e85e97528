package eks

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/oauth2"
)

// What EKS takes for a token (github.com/kubernetes-sigs/aws-iam-authenticator, "API Authorization from Outside a
// Cluster", and awscli/customizations/eks/get_token.py): the URL of a GetCallerIdentity request, signed for sixty seconds
// together with a header that names the cluster. The cluster sends it to STS, which says who signed it.
const (
	tokenPrefix   = "k8s-aws-v1."
	clusterHeader = "x-k8s-aws-id"
	expiresHeader = "X-Amz-Expires" // the signer moves it into the URL
	urlExpires    = "60"            // seconds
)

const (
	// tokenLife is how long a token is used. EKS takes it for 15 minutes after it was signed.
	tokenLife = 14 * time.Minute
	// tokenTimeout is for getting credentials, which can be a request to STS.
	tokenTimeout = 30 * time.Second
)

// tokens makes tokens for one cluster.
type tokens struct {
	cluster     string
	region      string
	credentials aws.CredentialsProvider
	presign     *sts.PresignClient
	now         func() time.Time
}

func newTokens(d Description, cfg aws.Config, now func() time.Time) *tokens {
	client := sts.NewFromConfig(cfg, sts.WithAPIOptions(
		smithyhttp.SetHeaderValue(clusterHeader, d.Name), smithyhttp.SetHeaderValue(expiresHeader, urlExpires),
	))
	return &tokens{cluster: d.Name, region: d.Region, credentials: cfg.Credentials, presign: sts.NewPresignClient(client), now: now}
}

// Token makes a token; it sends nothing to the cluster. One ends with the credentials that signed it.
func (t *tokens) Token() (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(context.Background(), tokenTimeout)
	defer cancel()
	doing := fmt.Sprintf("making a token for EKS cluster %q", t.cluster)
	keys, err := t.credentials.Retrieve(ctx)
	if err != nil {
		return nil, explain(err, doing, t.region)
	}
	signed, err := t.presign.PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, explain(err, doing, t.region)
	}
	expiry := t.now().Add(tokenLife)
	if keys.CanExpire && keys.Expires.Before(expiry) {
		expiry = keys.Expires
	}
	return &oauth2.Token{AccessToken: tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(signed.URL)), TokenType: "Bearer", Expiry: expiry}, nil
}
