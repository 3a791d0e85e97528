package preflight

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// associations looks at the associations of EKS Pod Identity that give hue and source-controller of the hub their roles,
// and judges these. A spoke's is lookAtSpokes' business.
func (l roleLook) associations(ctx context.Context) {
	hub := l.World.Hub
	namespace := l.World.Target.Release.Namespace
	accounts := iam.ServiceAccounts(iam.Combined, namespace, "")
	place := report.Place{Cluster: hub.Name, Object: "EKS Pod Identity associations"}
	if hub.EKS == nil {
		l.cannot(ruleRole, place, "the EKS Pod Identity associations of the hub", "",
			fmt.Errorf("cluster %q is named by its kubeconfig: name it in EKS (--eks-cluster)", hub.Name))
		return
	}
	seen := map[string]bool{}
	for _, account := range accounts {
		arn, err := l.World.Associations().Role(ctx, hub.EKS, client.ObjectKey{Namespace: account.Namespace, Name: account.Name})
		switch {
		case err != nil:
			l.cannot(ruleRole, place, "the association of ServiceAccount "+account.Namespace+"/"+account.Name, readAssociations(hub.EKS), ecr.Explain(err, l.World.Destination))
		case arn == "":
			l.find(ruleRole, report.Error, place,
				fmt.Sprintf("`aws eks create-pod-identity-association --cluster-name %s --region %s --namespace %s --service-account %s --role-arn <ARN of the role>`", hub.EKS.Name, hub.EKS.Region, account.Namespace, account.Name),
				"none gives ServiceAccount %s/%s a role", account.Namespace, account.Name)
		case !seen[arn]:
			seen[arn] = true
			l.look(ctx, arn)
		}
	}
}

// readAssociations are the rights that it takes to see a cluster's associations.
func readAssociations(c *cluster.EKS) string {
	return "eks:ListPodIdentityAssociations and eks:DescribePodIdentityAssociation on " + c.ARN
}
