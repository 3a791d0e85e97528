package write

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Commands returns a script of `aws` commands for a POSIX shell that gives the principals what they need.
func (gs Grants) Commands() []byte {
	var out strings.Builder
	for i, g := range gs {
		if i > 0 {
			out.WriteString("\n")
		}
		g.commands(&out)
	}
	return []byte(out.String())
}

func (g Grant) commands(out *strings.Builder) {
	run := func(words ...string) {
		for i, word := range words {
			words[i] = shellQuote(word)
		}
		fmt.Fprintf(out, "aws %s\n", strings.Join(words, " "))
	}
	name := g.Role.Name
	if g.Principal == iam.Operator {
		out.WriteString("# operator: attach this policy to the identity that runs palette-ecr\n")
		run("iam", "create-policy", "--policy-name", name, "--policy-document", string(g.Policy.Compact()))
		return
	}
	fmt.Fprintf(out, "# %s: role %s\n", g.Principal, g.Role.ARN())
	switch {
	case g.Trust == nil:
		out.WriteString("# The role must exist already; give --issuer for its trust policy.\n")
	default:
		fmt.Fprintf(out, "# A role that exists already takes the same document with: aws iam update-assume-role-policy --role-name %s --policy-document …\n", shellQuote(name))
		create := []string{"iam", "create-role", "--role-name", name}
		if g.Role.Path != "/" {
			create = append(create, "--path", g.Role.Path)
		}
		run(append(create, "--assume-role-policy-document", string(g.Trust.Compact()))...)
	}
	run("iam", "put-role-policy", "--role-name", name, "--policy-name", "palette-ecr", "--policy-document", string(g.Policy.Compact()))
	if g.Mode == target.InstanceProfile {
		run("iam", "create-instance-profile", "--instance-profile-name", name)
		run("iam", "add-role-to-instance-profile", "--instance-profile-name", name, "--role-name", name)
	}
	for _, a := range g.associations() {
		run("eks", "create-pod-identity-association", "--cluster-name", a.cluster,
			"--namespace", a.account.Namespace, "--service-account", a.account.Name, "--role-arn", g.Role.ARN())
	}
	g.repositoryCommand(out, run)
}

func (g Grant) repositoryCommand(out *strings.Builder, run func(...string)) {
	if g.Repository == nil {
		return
	}
	out.WriteString("# In the registry's account; this replaces the policy that the repository has.\n")
	r := g.repository.Registry
	text := string(g.Repository.Compact())
	if r.Kind == registry.Public {
		run("ecr-public", "set-repository-policy", "--region", r.Region, "--repository-name", g.repository.Name, "--policy-text", text)
		return
	}
	run("ecr", "set-repository-policy", "--region", r.Region, "--registry-id", r.AccountID, "--repository-name", g.repository.Name, "--policy-text", text)
}

// association gives a service account on a cluster the role, with EKS Pod Identity.
type association struct {
	cluster string // its name
	account iam.ServiceAccount
}

func (g Grant) associations() []association {
	if g.Mode != target.PodIdentity {
		return nil
	}
	var all []association
	for i, arn := range g.trust.Clusters {
		for _, account := range g.trust.On(i) {
			// arn:aws:eks:<region>:<account>:cluster/<name>
			all = append(all, association{arn[strings.LastIndex(arn, "/")+1:], account})
		}
	}
	return all
}

// shellQuote makes a word that every POSIX shell takes as it is.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,@+", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
