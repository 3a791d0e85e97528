package check

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// request for a need, with the condition keys that are known to be in it
// (reference_policies_condition-keys.html tells when a key is present).
func (c Check) request(need iam.Need) evaluate.Request {
	r, role := c.Wanted.Repository.Registry, c.Expected.Role
	context := map[string][]string{
		"aws:ViaAWSService":         {"false"},
		"aws:RequestedRegion":       {r.Region},
		"aws:PrincipalIsAWSService": {"false"},
	}
	if c.pods() {
		context["aws:PrincipalType"] = []string{"AssumedRole"}
		context["aws:MultiFactorAuthPresent"] = []string{"false"} // "included … when the principal uses temporary credentials"
	}
	if role.Account != "" {
		context["aws:PrincipalAccount"] = []string{role.Account}
		if !c.RoleAssumed {
			context["aws:PrincipalArn"] = []string{role.ARN()}
		}
	}
	service, _, _ := strings.Cut(need.Action, ":")
	account := c.Wanted.DefaultRole().Account
	if need.Resource == "*" { // the caller's own account answers
		account = role.Account
	}
	if account != "" {
		context["aws:ResourceAccount"] = []string{account}
	}
	if need.Resource != "*" {
		for tag, value := range c.Facts.ResourceTags {
			context["aws:ResourceTag/"+tag], context[service+":ResourceTag/"+tag] = []string{value}, []string{value}
		}
	}
	if need.Action == "sts:GetServiceBearerToken" {
		context["sts:AWSServiceName"] = []string{"ecr-public.amazonaws.com"}
	}
	if c.Facts.OrgID != "" {
		context["aws:PrincipalOrgID"] = []string{c.Facts.OrgID}
		if account := context["aws:ResourceAccount"]; len(account) > 0 && account[0] == role.Account {
			context["aws:ResourceOrgID"] = []string{c.Facts.OrgID}
		}
	}
	switch f := c.Facts; {
	case f.Endpoint != "":
		context["aws:SourceVpce"] = []string{f.Endpoint}
		if f.SourceIP != "" {
			context["aws:VpcSourceIp"] = []string{f.SourceIP}
		}
	case f.SourceIP != "":
		context["aws:SourceIp"] = []string{f.SourceIP}
	}
	caller := evaluate.Caller{AWS: role.ARN()}
	if c.pods() {
		caller = evaluate.Caller{AWS: "arn:" + role.Partition + ":sts::" + role.Account + ":assumed-role/" + role.Name + "/session", Role: role.ARN(), Sessions: true}
	}
	return evaluate.Request{
		Principal: caller, Action: need.Action, Resource: need.Resource, Context: c.Facts.in(context),
		Unknown: func(key string) bool { return c.mayHave(need, key) },
		Present: func(key string) bool {
			return key == "aws:useragent" || key == "aws:userid" || c.pods() && key == "aws:tokenissuetime"
		},
	}
}

// pods reports whether pods make the requests, with the temporary credentials of a role; the operator may be a user.
func (c Check) pods() bool { return c.Principal != iam.Operator }

// onInstance reports whether credentials may be those of an EC2 instance.
func (c Check) onInstance() bool { return !c.pods() || c.Expected.Mode == target.InstanceProfile }

// mayHave reports whether a request for a need may have a condition key; the key is in lower case.
func (c Check) mayHave(need iam.Need, key string) bool {
	prefix, name, _ := strings.Cut(key, ":")
	service, action, _ := strings.Cut(need.Action, ":")
	tag := strings.HasPrefix(name, "resourcetag/")
	switch {
	case strings.Contains(prefix, "."): // claims of an OIDC provider, of which some outlive the federation
		return true
	case prefix == "ec2": // properties of a role session on an instance
		return c.onInstance() && (name == "sourceinstancearn" || name == "roledelivery")
	case prefix == "sts":
		return service == "sts" && name == "durationseconds"
	case prefix != "aws":
		// Of its own ECR defines ResourceTag alone (list_amazonelasticcontainerregistry.html and …public.html
		// of the service authorization reference); keys of other services are never in its requests.
		return prefix == service && tag && need.Resource != "*"
	case tag: // GetAuthorizationToken has no resource, and so no tags
		return need.Resource != "*"
	case name == "tagkeys" || strings.HasPrefix(name, "requesttag/"): // only where tags are sent
		return action == "CreateRepository" || action == "TagResource"
	}
	return c.mayHaveGlobal(name)
}

// absent are the global keys that requests of a pod or person never have: those of calls that a service makes, and
// what a browser sends along.
var absent = []string{
	"sourcearn", "sourceaccount", "sourceorgid", "sourceorgpaths", "principalservicename", "principalservicenameslist",
	"calledvia", "calledviafirst", "calledvialast", "referer",
}

func (c Check) mayHaveGlobal(name string) bool {
	for _, one := range absent {
		if name == one {
			return false
		}
	}
	throughEndpoint := name == "sourcevpce" || name == "sourcevpc" || name == "sourcevpcarn" || name == "vpcsourceip" || strings.HasPrefix(name, "vpce")
	switch {
	case name == "username" || name == "multifactorauthage": // of IAM users; of those who used MFA
		return !c.pods()
	case strings.HasPrefix(name, "ec2instance"): // of credentials that an instance was given
		return c.onInstance()
	case name == "resourceaccount" || name == "resourceorgid" || name == "resourceorgpaths":
		// "always included … for most service actions", of which ECR has no exception; AWS's own perimeters lean on it, also
		// for GetAuthorizationToken (aws-samples/data-perimeter-policy-examples, resource_perimeter_scp.json and ecr.api).
		return true
	case name == "sourceip": // "included … except when the requester uses a VPC endpoint"
		return c.Facts.Endpoint == ""
	case throughEndpoint: // a public address is not one of a VPC endpoint
		return c.Facts.Endpoint != "" || c.Facts.SourceIP == ""
	}
	return true
}
