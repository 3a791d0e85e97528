// Package eks reaches a cluster of Amazon EKS by its name: AWS says its endpoint, authority and issuer, and its tokens are
// made from the AWS credentials at hand, as `aws eks get-token` makes them. So nobody needs a kubeconfig or the aws
// command, which a CI job has not.
package eks

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Options say how AWS is reached.
type Options struct {
	AWS    ecr.Options
	Region string // of a cluster whose region neither the target nor the AWS environment names
}

// Description is what AWS says of a cluster.
type Description struct {
	Name, Region, ARN string
	Version           string // of Kubernetes, for example 1.34
	Endpoint          string // URL of the API server
	Authority         []byte // that signed its certificate, in PEM
	Issuer            string // of service account tokens
	Private           bool   // the API server answers inside the VPC only
}

// Describe asks AWS for a cluster by its name (eks:DescribeCluster). Errors are *fault.Error.
func Describe(ctx context.Context, e target.EKS, o Options) (Description, error) {
	cfg, err := configure(ctx, e, o)
	if err != nil {
		return Description{}, err
	}
	return describe(ctx, e.Name, cfg)
}

// configure returns the SDK's configuration for the cluster's region.
func configure(ctx context.Context, e target.EKS, o Options) (aws.Config, error) {
	cfg, err := ecr.Configure(ctx, e.Region, o.AWS)
	if err != nil {
		return cfg, explain(err, fmt.Sprintf("reading the AWS configuration for EKS cluster %q", e.Name), o.Region)
	}
	if cfg.Region == "" {
		cfg.Region = o.Region
	}
	if cfg.Region == "" {
		return cfg, fault.New(fault.Usage, "add it: --eks-cluster "+e.Name+",region=<region> (eks.region in cutover.yaml), or set AWS_REGION",
			"looking for EKS cluster %q: its region is not known", e.Name)
	}
	return cfg, nil
}

func describe(ctx context.Context, name string, cfg aws.Config) (Description, error) {
	doing := fmt.Sprintf("looking for EKS cluster %q in region %s", name, cfg.Region)
	out, err := awseks.NewFromConfig(cfg).DescribeCluster(ctx, &awseks.DescribeClusterInput{Name: &name})
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		in := ""
		if who, err := caller(ctx, cfg); err == nil {
			in = " in account " + who.account
		}
		return Description{}, fault.New(fault.Usage, "check the name, the region and the account: `aws eks list-clusters --region "+cfg.Region+"` lists what is there",
			"%s: there is none of this name%s", doing, in)
	}
	if err != nil {
		return Description{}, explain(err, doing, cfg.Region)
	}
	found := out.Cluster
	d := Description{
		Name: name, Region: cfg.Region, ARN: aws.ToString(found.Arn), Version: aws.ToString(found.Version), Endpoint: aws.ToString(found.Endpoint),
	}
	if found.ResourcesVpcConfig != nil {
		d.Private = found.ResourcesVpcConfig.EndpointPrivateAccess && !found.ResourcesVpcConfig.EndpointPublicAccess
	}
	if found.Identity != nil && found.Identity.Oidc != nil {
		d.Issuer = aws.ToString(found.Identity.Oidc.Issuer)
	}
	if found.CertificateAuthority != nil {
		if d.Authority, err = base64.StdEncoding.DecodeString(aws.ToString(found.CertificateAuthority.Data)); err != nil {
			return d, fault.New(fault.Failed, "look at it: `aws eks describe-cluster --name "+name+" --region "+cfg.Region+"`", "%s: its certificate authority is not base64", doing)
		}
	}
	switch {
	case found.Status == types.ClusterStatusDeleting, found.Status == types.ClusterStatusFailed, d.Endpoint == "":
		return d, fault.New(fault.Refused, "wait until it is ACTIVE, or name another one", "%s: it is %s", doing, found.Status)
	}
	return d, nil
}

// explain says of an error of AWS what was being done, and what to try next.
func explain(err error, doing, region string) error {
	// What people can do about credentials, network and rights is the same for every service.
	e := ecr.Explain(err, registry.Repository{Registry: registry.Registry{Kind: registry.Private, Region: region, Partition: registry.PartitionOf(region)}})
	return fault.New(fault.CodeOf(e), fault.RemedyOf(e), "%s: %w", doing, e)
}

// identity is who AWS takes us for.
type identity struct{ account, arn string }

func caller(ctx context.Context, cfg aws.Config) (identity, error) {
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return identity{}, err
	}
	return identity{account: aws.ToString(out.Account), arn: aws.ToString(out.Arn)}, nil
}

var session = regexp.MustCompile(`^arn:([a-z-]+):sts::(\d{12}):assumed-role/([^/]+)/`)

// principal returns the ARN by which an access entry of EKS knows an identity: of a session its role, whose path AWS does
// not say.
func (i identity) principal() string {
	if m := session.FindStringSubmatch(i.arn); m != nil {
		return "arn:" + m[1] + ":iam::" + m[2] + ":role/" + m[3]
	}
	return i.arn
}
