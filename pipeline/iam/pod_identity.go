package iam

// podIdentity restricts the role to the service accounts by the tags that EKS puts on the session
// (docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html); without them any association in the account
// could use it.
func (t Trust) podIdentity() []Statement {
	if len(t.Clusters) == 0 {
		return podStatements(t.Accounts, nil)
	}
	statements := podStatements(t.on(0), t.Clusters[:1])
	if len(t.Clusters) > 1 {
		statements = append(statements, podStatements(t.on(1), t.Clusters[1:])...)
	}
	return statements
}

// podStatements are one for each namespace: in one for several, every name would be trusted in every one.
func podStatements(accounts []ServiceAccount, clusters []string) []Statement {
	var namespaces []string
	names := map[string][]string{}
	for _, account := range accounts {
		namespaces = appendNew(namespaces, account.Namespace)
		names[account.Namespace] = append(names[account.Namespace], account.Name)
	}
	var statements []Statement
	for _, namespace := range namespaces {
		s := Statement{
			Effect:    Allow,
			Principal: &Principals{Service: []string{podsService}},
			Actions:   []string{"sts:AssumeRole", "sts:TagSession"},
			Conditions: []Condition{
				{"StringEquals", tagNamespace, []string{namespace}},
				{"StringEquals", tagServiceAccount, names[namespace]},
			},
		}
		if len(clusters) > 0 {
			s.Conditions = append(s.Conditions, Condition{"StringEquals", tagCluster, clusters})
		}
		statements = append(statements, s)
	}
	return statements
}

// Tags that EKS Pod Identity puts on sessions (docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html).
const (
	tagNamespace      = "aws:RequestTag/kubernetes-namespace"
	tagServiceAccount = "aws:RequestTag/kubernetes-service-account"
	tagCluster        = "aws:RequestTag/eks-cluster-arn"
	tagClusterName    = "aws:RequestTag/eks-cluster-name"
)
