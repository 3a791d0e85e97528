package evaluate

import (
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
)

// Caller is who makes a request. One of AWS, Federated and Service is set.
type Caller struct {
	AWS       string // ARN of the account's root, of a user, of a role, or of a role session
	Role      string // ARN of the role behind a session: the session's own ARN lacks the role's path
	Federated string // ARN of the IAM OIDC provider that vouches for a web identity
	Service   string // for example pods.eks.amazonaws.com

	// Sessions says that AWS is one session of many, whose names are not known: those of EKS end with what is random.
	Sessions bool
}

// principalFits follows reference_policies_elements_principal.html: an account stands for everyone in it,
// a role for its sessions; names are compared exactly, there are no wildcards but "*" alone.
// One session of a role may be named too: whether it is this one depends on its name.
func (e *evaluation) principalFits(s document.Statement) Truth {
	if !e.resourceBased {
		return truth(s.Principal == nil && s.NotPrincipal == nil)
	}
	caller := e.request.Principal
	if name := e.context["sts:rolesessionname"]; caller.Sessions && len(name) == 1 {
		caller.AWS, caller.Sessions = caller.AWS[:strings.LastIndex(caller.AWS, "/")+1]+name[0], false
	}
	fits := hits(s, caller)
	for _, named := range sessionsOf(s, caller) {
		caller.AWS = named
		if hits(s, caller) != fits {
			element := "Principal"
			if s.Principal == nil {
				element = "NotPrincipal"
			}
			e.on(element, "sts:RoleSessionName")
			return Maybe
		}
	}
	return truth(fits)
}

// hits reports whether the principals of a statement are such that it is about the caller.
func hits(s document.Statement, caller Caller) bool {
	switch {
	case s.Principal != nil:
		return include(s.Principal, caller)
	case s.NotPrincipal != nil:
		return leaveOut(s.NotPrincipal, caller, s.Effect)
	}
	return false
}

// sessionsOf returns the sessions of the caller's role that a statement names; none where the caller is the one session.
func sessionsOf(s document.Statement, caller Caller) (named []string) {
	role, _, ok := strings.Cut(caller.AWS, ":assumed-role/")
	name, _, _ := strings.Cut(strings.TrimPrefix(caller.AWS, role+":assumed-role/"), "/")
	if !caller.Sessions || !ok {
		return nil
	}
	for _, w := range []*document.Principals{s.Principal, s.NotPrincipal} {
		if w == nil {
			continue
		}
		for _, listed := range w.AWS {
			if strings.HasPrefix(listed, role+":assumed-role/"+name+"/") {
				named = append(named, listed)
			}
		}
	}
	return named
}

func include(w *document.Principals, c Caller) bool {
	if w.Everyone || slices.Contains(w.AWS, "*") {
		return true
	}
	for _, name := range c.chain() {
		if slices.ContainsFunc(w.AWS, func(listed string) bool { return accountARN(listed, name) == name }) {
			return true
		}
	}
	return c.Federated != "" && slices.Contains(w.Federated, c.Federated) ||
		c.Service != "" && slices.Contains(w.Service, c.Service)
}

// leaveOut reports whether a statement with NotPrincipal hits the caller. Which of account, role and session
// AWS looks at first differs by service (reference_policies_elements_notprincipal.html), so that a Deny
// spares only callers who are listed whole, and an Allow grants only to those of whom nothing is listed.
func leaveOut(w *document.Principals, c Caller, effect document.Effect) bool {
	names := c.chain()
	listed := 0
	for _, name := range names {
		if slices.ContainsFunc(w.AWS, func(entry string) bool { return accountARN(entry, name) == name }) {
			listed++
		}
	}
	if c.AWS == "" {
		names = []string{c.Federated + c.Service}
		if c.Federated != "" && slices.Contains(w.Federated, c.Federated) ||
			c.Service != "" && slices.Contains(w.Service, c.Service) {
			listed++
		}
	}
	switch {
	case w.Everyone || slices.Contains(w.AWS, "*"):
		return false
	case effect == document.Deny:
		return listed < len(names)
	}
	return listed == 0
}

// chain is the AWS caller as account, role and itself.
func (c Caller) chain() []string {
	if c.AWS == "" {
		return nil
	}
	names := []string{c.AWS}
	if c.Role != "" && c.Role != c.AWS {
		names = append(names, c.Role)
	}
	if parts := strings.SplitN(c.AWS, ":", 6); len(parts) == 6 {
		if root := "arn:" + parts[1] + ":iam::" + parts[4] + ":root"; root != c.AWS {
			names = append(names, root)
		}
	}
	return names
}

// accountARN writes an account's ID as the ARN of its root, in the partition of the ARN beside it.
func accountARN(listed, beside string) string {
	parts := strings.SplitN(beside, ":", 3)
	if len(listed) == 12 && strings.Trim(listed, "0123456789") == "" && len(parts) == 3 {
		return "arn:" + parts[1] + ":iam::" + listed + ":root"
	}
	return listed
}
