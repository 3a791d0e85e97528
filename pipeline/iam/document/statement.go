package document

import (
	"fmt"
	"strings"
)

var (
	statementElements = []string{
		"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
	}
	principalTypes = []string{"AWS", "Federated", "Service", "CanonicalUser"}
)

func (p *parser) statement(n *node, path string) (Statement, error) {
	var s Statement
	p.mark(path, n.place)
	elements, err := p.object(n, path, statementElements)
	if err != nil {
		return s, err
	}
	for _, pair := range [][2]string{{"Action", "NotAction"}, {"Resource", "NotResource"}, {"Principal", "NotPrincipal"}} {
		if second, both := elements[pair[1]]; both && elements[pair[0]] != nil {
			return s, wrong(second.place, "%s has both %s and %s", path, pair[0], pair[1])
		}
	}
	if sid, ok := elements["Sid"]; ok {
		if sid.kind != isString {
			return s, wrong(sid.place, "%s.Sid must be a string, not %s", path, sid.kind)
		}
		s.Sid = sid.text
		p.mark(path+".Sid", sid.place)
	}
	effect, ok := elements["Effect"]
	if !ok {
		return s, wrong(n.place, "%s has no Effect", path)
	}
	s.Effect = Effect(effect.text)
	if effect.kind != isString || s.Effect != Allow && s.Effect != Deny {
		return s, wrong(effect.place, "%s.Effect must be \"Allow\" or \"Deny\", not %s", path, quoted(effect))
	}
	p.mark(path+".Effect", effect.place)

	lists := map[string]*[]string{
		"Action": &s.Actions, "NotAction": &s.NotActions, "Resource": &s.Resources, "NotResource": &s.NotResources,
	}
	for _, name := range []string{"Action", "NotAction", "Resource", "NotResource"} {
		if element, ok := elements[name]; ok {
			if *lists[name], err = p.strings(element, path+"."+name); err != nil {
				return s, err
			}
		}
	}
	for _, name := range []string{"Action", "NotAction"} {
		for i, action := range *lists[name] {
			if service, verb, ok := strings.Cut(action, ":"); action != "*" && (!ok || service == "" || verb == "") {
				return s, wrong(p.doc.Place(fmt.Sprintf("%s.%s[%d]", path, name, i)),
					"%s %q has no service before a colon", name, action)
			}
		}
	}
	if s.Principal, err = p.principals(elements["Principal"], path+".Principal"); err != nil {
		return s, err
	}
	if s.NotPrincipal, err = p.principals(elements["NotPrincipal"], path+".NotPrincipal"); err != nil {
		return s, err
	}
	if condition, ok := elements["Condition"]; ok {
		if s.Conditions, err = p.conditions(condition, path+".Condition"); err != nil {
			return s, err
		}
	}
	switch {
	case s.Actions == nil && s.NotActions == nil:
		return s, wrong(n.place, "%s has no Action", path)
	case s.Resources == nil && s.NotResources == nil && s.Principal == nil && s.NotPrincipal == nil:
		return s, wrong(n.place, "%s has neither a Resource (as an identity-based policy must) nor a Principal (as a trust policy must)", path)
	}
	return s, nil
}
