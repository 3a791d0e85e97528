package eks

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Associations are those of EKS Pod Identity, which give ServiceAccounts roles.
type Associations struct{ Options Options }

// Role returns the role that a ServiceAccount of a cluster is given; "" is none.
func (a Associations) Role(ctx context.Context, c *cluster.EKS, account client.ObjectKey) (string, error) {
	doing := fmt.Sprintf("reading the Pod Identity associations of ServiceAccount %s in EKS cluster %q", account, c.Name)
	cfg, err := configure(ctx, target.EKS{Name: c.Name, Region: c.Region}, a.Options)
	if err != nil {
		return "", err
	}
	api := awseks.NewFromConfig(cfg)
	listed, err := api.ListPodIdentityAssociations(ctx, &awseks.ListPodIdentityAssociationsInput{ClusterName: &c.Name, Namespace: &account.Namespace, ServiceAccount: &account.Name})
	if err != nil {
		return "", explain(err, doing, c.Region)
	}
	if len(listed.Associations) == 0 { // EKS allows one
		return "", nil
	}
	found, err := api.DescribePodIdentityAssociation(ctx, &awseks.DescribePodIdentityAssociationInput{ClusterName: &c.Name, AssociationId: listed.Associations[0].AssociationId})
	if err != nil {
		return "", explain(err, doing, c.Region)
	}
	return aws.ToString(found.Association.RoleArn), nil
}

// Give associates a ServiceAccount with a role. It needs iam:PassRole on it beside eks:CreatePodIdentityAssociation.
func (a Associations) Give(ctx context.Context, c *cluster.EKS, account client.ObjectKey, role string) error {
	cfg, err := configure(ctx, target.EKS{Name: c.Name, Region: c.Region}, a.Options)
	if err != nil {
		return err
	}
	_, err = awseks.NewFromConfig(cfg).CreatePodIdentityAssociation(ctx, &awseks.CreatePodIdentityAssociationInput{
		ClusterName: &c.Name, Namespace: &account.Namespace, ServiceAccount: &account.Name, RoleArn: &role,
	})
	if err != nil {
		return explain(err, fmt.Sprintf("giving ServiceAccount %s in EKS cluster %q role %s", account, c.Name, role), c.Region)
	}
	return nil
}
