package check

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
)

// webIdentity completes the request of WebIdentity with what is known of it besides the token.
func (f Facts) webIdentity(r evaluate.Request) evaluate.Request {
	r.Context = f.in(r.Context)
	r.Context["aws:FederatedProvider"] = []string{r.Principal.Federated}
	f.network(r.Context)
	r.Unknown = f.maybe(func(prefix, name string) bool {
		switch prefix {
		case "sts": // what the SDKs of pods choose; they send no external ID, source identity or tags
			return name == "rolesessionname" || name == "durationseconds"
		case "aws": // nobody has signed the request, so that there is no principal with an account yet
			return !strings.HasPrefix(name, "principal") && name != "username" && name != "tagkeys" && !strings.HasPrefix(name, "requesttag/") &&
				!strings.HasPrefix(name, "source") || strings.HasPrefix(name, "sourcevpc") || name == "sourceip"
		}
		return false // of a token's claims EKS has sub and aud alone
	})
	return r
}

// pod is what EKS Pod Identity asks for a pod; cluster is the ARN, or "" when it is not known.
func (f Facts) pod(role iam.Role, cluster string, account iam.ServiceAccount) evaluate.Request {
	context := f.service(role, iam.PodsService)
	context[iam.TagNamespace], context[iam.TagServiceAccount] = []string{account.Namespace}, []string{account.Name}
	context["aws:TagKeys"] = []string{
		"eks-cluster-arn", "eks-cluster-name", "kubernetes-namespace", "kubernetes-service-account", "kubernetes-pod-name", "kubernetes-pod-uid",
	}
	if cluster != "" {
		context[iam.TagCluster], context["aws:SourceArn"] = []string{cluster}, []string{cluster}
		context[iam.TagClusterName] = []string{cluster[strings.LastIndex(cluster, "/")+1:]}
	}
	return evaluate.Request{
		Principal: evaluate.Caller{Service: iam.PodsService}, Resource: role.ARN(), Context: f.in(context),
		Unknown: f.maybe(func(prefix, name string) bool {
			switch {
			case prefix == "sts":
				return true
			case prefix != "aws" || strings.HasPrefix(name, "principal") || name == "username":
				return false
			case strings.HasPrefix(name, "requesttag/"): // pod-id-abac.html lists the six
				return strings.HasPrefix(name, "requesttag/kubernetes-") || strings.HasPrefix(name, "requesttag/eks-cluster-")
			}
			return true
		}),
	}
}

// instance is what EC2 asks for a node.
func (f Facts) instance(role iam.Role, service string) evaluate.Request {
	return evaluate.Request{
		Principal: evaluate.Caller{Service: service}, Action: "sts:AssumeRole", Resource: role.ARN(), Context: f.in(f.service(role, service)),
		Unknown: f.maybe(func(prefix, name string) bool {
			return prefix == "sts" || prefix == "aws" && !strings.HasPrefix(name, "principal") && name != "username"
		}),
	}
}

// service is the context of a service's request for a resource of the role's account.
func (f Facts) service(role iam.Role, service string) map[string][]string {
	context := map[string][]string{
		"aws:SourceAccount": {role.Account}, "aws:PrincipalIsAWSService": {"true"},
		"aws:PrincipalServiceName": {service}, "aws:PrincipalServiceNamesList": {service},
	}
	if f.OrgID != "" {
		context["aws:SourceOrgID"] = []string{f.OrgID}
	}
	return context
}

// network adds where a request comes from. Requests to STS go through an endpoint of its own.
func (f Facts) network(context map[string][]string) {
	if f.SourceIP != "" && f.Endpoint == "" {
		context["aws:SourceIp"] = []string{f.SourceIP}
	}
}

// maybe splits a key for a function that reports whether a request may have it.
func (f Facts) maybe(has func(prefix, name string) bool) func(string) bool {
	return func(key string) bool {
		prefix, name, ok := strings.Cut(key, ":")
		if i := strings.LastIndex(key, ":"); strings.Contains(prefix, ".") || strings.HasPrefix(key, "https:") {
			prefix, name = key[:i], key[i+1:]
		}
		return ok && has(prefix, name)
	}
}
