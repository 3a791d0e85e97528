package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// federated finds what is wrong with a statement for IRSA: most of it AWS takes without a word, and lets
// nobody in.
func (c *trustCheck) federated(i int, s document.Statement) {
	const web = "sts:AssumeRoleWithWebIdentity"
	if !slices.ContainsFunc(s.Actions, func(a string) bool { return evaluate.Glob(strings.ToLower(a), strings.ToLower(web)) }) {
		c.add(i, ".Action", report.Error, "write "+web, "a web identity takes a role with %s, not with %s", web, strings.Join(s.Actions, ", "))
	}
	var providers []string
	for k, arn := range s.Principal.Federated {
		at := fmt.Sprintf(".Principal.Federated[%d]", k)
		if id, ok := c.provider(i, at, arn); ok {
			providers = append(providers, id)
		}
	}
	subject, aud := false, false
	for _, cond := range s.Conditions {
		path := ".Condition." + cond.Operator + "." + cond.Key
		colon := strings.LastIndex(cond.Key, ":")
		if colon < 0 || strings.HasPrefix(cond.Key, "aws:") || strings.HasPrefix(cond.Key, "sts:") {
			continue
		}
		issuer, claim := cond.Key[:colon], strings.ToLower(cond.Key[colon+1:])
		subject, aud = subject || claim == "sub", aud || claim == "aud"
		switch {
		case strings.HasPrefix(issuer, "https://"):
			c.add(i, path, report.Error, fmt.Sprintf("write the key as %q", strings.TrimPrefix(cond.Key, "https://")), "the key %q begins with https://: no request has such a key", cond.Key)
		case len(providers) > 0 && !slices.ContainsFunc(providers, func(id string) bool { return strings.EqualFold(id, issuer) }):
			c.add(i, path, report.Error, fmt.Sprintf("write the key as %q", providers[0]+":"+claim), "the key is of issuer %s, but the statement trusts %s", issuer, strings.Join(providers, ", "))
		}
		c.claim(i, path, cond, claim)
	}
	switch {
	case !subject:
		c.add(i, "", report.Error, "add a condition StringEquals on the provider's :sub, with the subjects of hue and source-controller",
			"the statement does not say which service account: every pod of the cluster may take the role")
	case !aud:
		c.add(i, ".Condition", report.Warning, fmt.Sprintf("add StringEquals on the provider's :aud with %q, as Flux's documentation does", iam.Audience),
			"the statement has no audience: a token made for another service is taken too")
	}
}

// provider checks the ARN of an OIDC provider and gives its issuer.
func (c *trustCheck) provider(i int, path, arn string) (string, bool) {
	head, id, ok := strings.Cut(arn, ":oidc-provider/")
	parts := strings.Split(head, ":")
	if !ok || len(parts) != 5 || parts[0] != "arn" || parts[2] != "iam" {
		if !strings.Contains(arn, "saml-provider/") && (strings.Contains(arn, "oidc") || strings.Contains(arn, "<")) {
			c.add(i, path, report.Error, "write arn:<partition>:iam::<account>:oidc-provider/<issuer without https://>", "%q is not the ARN of an OIDC provider", arn)
		}
		return "", false
	}
	remedy := func() string {
		for _, issuer := range c.expected.Issuers {
			if issuerKey(issuer) == issuerKey(id) {
				return fmt.Sprintf("write %q", c.expected.ProviderARN(issuer))
			}
		}
		return fmt.Sprintf("write %q", c.expected.ProviderARN(strings.TrimPrefix(id, "https://")))
	}
	role := c.expected.Role
	switch {
	case strings.ContainsAny(arn, "<>"):
		c.add(i, path, report.Error, remedy(), "%q still holds a placeholder", arn)
	case strings.HasPrefix(id, "https://"):
		c.add(i, path, report.Error, remedy(), "the provider's ARN has https:// in it, which IAM's ARNs don't")
	case role.Partition != "" && parts[1] != role.Partition:
		c.add(i, path, report.Error, remedy(), "the provider is in partition %s, but the role is in %s", parts[1], role.Partition)
	case role.Account != "" && parts[4] != role.Account:
		c.add(i, path, report.Error, remedy(), "the provider is in account %s, but the role is in %s: the provider must be in the role's account", parts[4], role.Account)
	case !slices.Contains(c.expected.Issuers, id):
		for _, issuer := range c.expected.Issuers {
			if issuerKey(issuer) == issuerKey(id) {
				c.add(i, path, report.Error, remedy(), "the provider is of issuer %s, but the cluster's issuer is %s", id, issuer)
				return id, true
			}
		}
		c.add(i, path, report.Info, "give its issuer as well, or remove the statement", "the statement trusts %s, which is none of the clusters given", id)
	}
	return id, true
}

// issuerKey is what tells clusters apart when their region or domain is written wrong: the last part.
func issuerKey(issuer string) string { return issuer[strings.LastIndex(issuer, "/")+1:] }

// claim checks one condition on a claim of the token.
func (c *trustCheck) claim(i int, path string, cond document.Condition, claim string) {
	set, base, ifExists := evaluate.OperatorOf(cond.Operator)
	if !evaluate.Known(cond.Operator) {
		c.add(i, path, report.Error, "write StringEquals", "%q is not one of IAM's condition operators", cond.Operator)
		return
	}
	if ifExists || set == evaluate.ForAll {
		c.add(i, path, report.Warning, "write StringEquals", "%s holds for a token without the claim too", cond.Operator)
	}
	if claim == "aud" && !slices.ContainsFunc(cond.Values, func(v string) bool { return evaluate.Glob(v, iam.Audience) || strings.HasPrefix(v, "system:") }) {
		c.add(i, path, report.Error, fmt.Sprintf("write %q", iam.Audience), "the audience is %s, but the tokens of pods are made for %s", strings.Join(cond.Values, ", "), iam.Audience)
	}
	for k, value := range cond.Values {
		at := fmt.Sprintf("%s[%d]", path, k)
		switch {
		case claim == "aud" && strings.HasPrefix(value, "system:serviceaccount:"), claim == "sub" && value == iam.Audience:
			c.add(i, at, report.Error, "put the service accounts under :sub and "+iam.Audience+" under :aud", "the values of :sub and :aud are swapped: %q is no %s", value, map[string]string{"aud": "audience", "sub": "subject"}[claim])
		case strings.ContainsAny(value, "<>"):
			c.add(i, at, report.Error, "write your own value in place of the placeholder", "%q still holds a placeholder", value)
		case !strings.ContainsAny(value, "*?"):
		case base == "StringEquals" || base == "StringEqualsIgnoreCase":
			c.add(i, at, report.Error, "name each service account", "under %s the * and ? in %q are plain characters: no token has them", cond.Operator, value)
		case claim == "sub":
			c.add(i, at, report.Warning, "name each service account under StringEquals", "%q lets other service accounts take the role too", value)
		}
	}
}
