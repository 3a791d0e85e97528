package check

import (
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// provider checks the ARN of an OIDC provider and returns its issuer as it should be written. The statement's conditions
// may all be about one cluster.
func (c *trustCheck) provider(i int, path, arn, cluster string) (string, bool) {
	head, id, ok := strings.Cut(arn, ":oidc-provider/")
	parts := strings.Split(head, ":")
	if !ok || len(parts) != 5 || parts[0] != "arn" || parts[2] != "iam" {
		if !strings.Contains(arn, "saml-provider/") && (strings.Contains(arn, "oidc") || strings.Contains(arn, "<")) {
			c.add(i, path, report.Error, writeValue(c.expected.ProviderARN(c.meant(arn))), "%q is not the ARN of an OIDC provider", arn)
		}
		return "", false
	}
	meant := c.meant(id)
	remedy, role := writeValue(c.expected.ProviderARN(meant)), c.expected.Role
	switch {
	case strings.ContainsAny(arn, "<>"):
		c.add(i, path, report.Error, remedy, "%q still holds a placeholder", arn)
	case strings.HasPrefix(id, "https://"):
		c.add(i, path, report.Error, remedy, "the provider's ARN has https:// in it, which IAM's ARNs don't")
		return meant, true // what else is wrong is said once the ARN is right
	case role.Partition != "" && parts[1] != role.Partition:
		c.add(i, path, report.Error, remedy, "the provider is in partition %s, but the role is in %s", parts[1], role.Partition)
	case role.Account != "" && parts[4] != role.Account:
		c.add(i, path, report.Error, remedy, "the provider is in account %s, but the role is in %s: the provider must be in the role's account", parts[4], role.Account)
	case !slices.Contains(c.expected.Issuers, id):
		if slices.Contains(c.expected.Issuers, meant) {
			c.add(i, path, report.Error, remedy, "the provider is of issuer %s, but the cluster's issuer is %s", id, meant)
			return id, true
		}
		if cluster != "" {
			c.add(i, path, report.Error, writeValue(c.expected.ProviderARN(cluster)), "the provider is of issuer %s, but the conditions are about the cluster of issuer %s", id, cluster)
			return cluster, true // the keys are right
		}
		c.add(i, path, report.Info, "give its issuer as well, or remove the statement", "the statement trusts %s, which is none of the clusters given", id)
	}
	return id, true
}

// meant returns the cluster's issuer that something written wrong stands for.
func (c *trustCheck) meant(id string) string {
	for _, issuer := range c.expected.Issuers {
		if issuerKey(issuer) == issuerKey(id) {
			return issuer
		}
	}
	id = strings.TrimPrefix(id, "https://")
	if strings.ContainsAny(id, "<>") || strings.Contains(id, "oidc-provider") {
		for _, issuer := range c.expected.Issuers {
			return issuer
		}
	}
	return id
}

// issuerKey is what distinguishes clusters when their region or domain is written wrong: the last part.
func issuerKey(issuer string) string { return issuer[strings.LastIndex(issuer, "/")+1:] }
