package eks

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/oauth2"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Connect finds a cluster by its name in EKS and prepares clients for it. It asks the cluster itself nothing yet
// (cluster.Ping does). Errors are *fault.Error.
func Connect(ctx context.Context, t target.Cluster, o Options) (*cluster.Cluster, error) {
	cfg, err := configure(ctx, t.EKS, o)
	if err != nil {
		return nil, err
	}
	found, err := describe(ctx, t.EKS.Name, cfg)
	if err != nil {
		return nil, err
	}
	now := o.AWS.Now
	if now == nil {
		now = time.Now
	}
	// ReuseTokenSource makes one token for all requests that run side by side, and a new one when it has expired.
	tokens := oauth2.ReuseTokenSource(nil, newTokens(found, cfg, now))
	name := t.Name
	if name == "" {
		name = found.Name
	}
	c, err := cluster.From(name, &rest.Config{
		Host: found.Endpoint, TLSClientConfig: rest.TLSClientConfig{CAData: found.Authority},
		WrapTransport: transport.TokenSourceWrapTransport(tokens),
	})
	if err != nil {
		return nil, err
	}
	c.Context = found.ARN
	c.EKS = &cluster.EKS{
		Name: found.Name, Region: found.Region, ARN: found.ARN, Issuer: found.Issuer, Private: found.Private,
		Remedy: func(ctx context.Context) string { return accessEntry(ctx, found, cfg) },
	}
	return c, nil
}

// accessEntry says how a cluster is told to accept our identity.
func accessEntry(ctx context.Context, d Description, cfg aws.Config) string {
	principal, partition := "<ARN of your IAM role or user>", "aws"
	if who, err := caller(context.WithoutCancel(ctx), cfg); err == nil {
		principal = who.principal()
	}
	if parts := strings.SplitN(d.ARN, ":", 3); len(parts) == 3 {
		partition = parts[1]
	}
	at := fmt.Sprintf("--cluster-name %s --region %s --principal-arn %s", d.Name, d.Region, principal)
	return fmt.Sprintf("let somebody who may give it an access entry: `aws eks create-access-entry %s`, and rights: `aws eks associate-access-policy %s --access-scope type=cluster --policy-arn arn:%s:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`",
		at, at, partition)
}
