package check

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// The remedies of trust policies have few forms, so that people who follow them to the letter end with a
// policy that is right; a test does just that. What is written replaces what stands at the finding's place.

// writeValue replaces the values at the place.
func writeValue(values ...string) string { return "write " + quote(values...) }

// writeKey replaces a condition's key.
func writeKey(key string) string { return "write the key as " + quote(key) }

// writeOperator puts a condition's key under another operator.
func writeOperator(operator string) string { return "write " + operator }

// addCondition adds a key to the statement's conditions.
func addCondition(key string, values ...string) string {
	return fmt.Sprintf("add StringEquals on %s with %s", quote(key), quote(values...))
}

// addValue adds a value to a condition that the statement has.
func addValue(value, key string) string {
	return fmt.Sprintf("add %s to the values of %s", quote(value), quote(key))
}

const removeIt = "remove it"

// writer is the command that writes the trust policy, but for its clusters.
func (c Check) writer() string {
	command := "palette-ecr policies --endpoint " + c.Wanted.Repository.Registry.Endpoint()
	if c.Wanted.Repository.Registry.Kind == registry.Public {
		command += " --allow-public"
	}
	if !c.RoleAssumed {
		command += " --role-arn " + c.Expected.Role.ARN()
	}
	elsewhere := func(account iam.ServiceAccount) bool { return account.Namespace != target.DefaultNamespace }
	if slices.ContainsFunc(c.Expected.Accounts, elsewhere) {
		for _, account := range c.Expected.Accounts {
			flag := "--namespace"
			if account == iam.ServiceAccounts(iam.SourceController, account.Namespace, "")[0] {
				flag = "--flux-namespace"
			}
			command += " " + flag + " " + account.Namespace
		}
	}
	return fmt.Sprintf("%s --principal %s --document trust", command, c.Principal)
}

// command is the remedy that writes the whole policy.
func (c *trustCheck) command() string {
	var flags strings.Builder
	mode := c.expected.Mode
	if mode != "" && mode != target.IRSA {
		fmt.Fprintf(&flags, " --identity %s", mode)
	}
	for _, issuer := range c.expected.Issuers {
		flags.WriteString(" --issuer https://" + issuer)
	}
	for _, cluster := range c.expected.Clusters {
		flags.WriteString(" --cluster " + cluster)
	}
	if flags.Len() == 0 {
		flags.WriteString(" --issuer <the cluster's OIDC issuer>")
	}
	return "write the trust policy with: " + c.writer + flags.String()
}

// quote writes a value as JSON, several as a list.
func quote(values ...string) string {
	var quoted []string
	for _, value := range values {
		data, _ := json.Marshal(value) // a string always encodes
		quoted = append(quoted, string(data))
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
