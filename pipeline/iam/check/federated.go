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
	listed := func(actions []string) bool {
		return slices.ContainsFunc(actions, func(a string) bool { return evaluate.Glob(strings.ToLower(a), strings.ToLower(web)) })
	}
	switch {
	case listed(s.NotActions):
		c.add(i, ".NotAction", report.Error, c.command(), "a web identity takes a role with %s, which NotAction leaves out", web)
	case s.NotActions == nil && !listed(s.Actions):
		c.add(i, ".Action", report.Error, writeValue(web), "a web identity takes a role with %s, not with %s", web, strings.Join(s.Actions, ", "))
	}
	var providers []string
	for k, arn := range s.Principal.Federated {
		at := fmt.Sprintf(".Principal.Federated[%d]", k)
		if id, ok := c.provider(i, at, arn, c.cluster(s)); ok {
			providers = append(providers, id)
		}
	}
	excluded, subject, aud := []string(nil), false, false
	for _, cond := range s.Conditions {
		path := ".Condition." + cond.Operator + "." + cond.Key
		issuer, claim, ok := cutLast(cond.Key)
		if !ok || strings.HasPrefix(cond.Key, "aws:") || strings.HasPrefix(cond.Key, "sts:") {
			continue
		}
		claim = strings.ToLower(claim)
		if _, base, _ := evaluate.OperatorOf(cond.Operator); claim == "sub" && evaluate.Negated(cond.Operator) {
			excluded = append(excluded, cond.Values...)
		} else if base != "Null" {
			subject, aud = subject || claim == "sub", aud || claim == "aud" && !evaluate.Negated(cond.Operator)
		}
		switch {
		case strings.HasPrefix(issuer, "https://"):
			c.add(i, path, report.Error, writeKey(strings.TrimPrefix(cond.Key, "https://")), "the key %q begins with https://: no request has such a key", cond.Key)
		case len(providers) > 0 && !slices.ContainsFunc(providers, func(id string) bool { return strings.EqualFold(id, issuer) }):
			c.add(i, path, report.Error, writeKey(providers[0]+":"+claim), "the key is of issuer %s, but the statement trusts %s", issuer, strings.Join(providers, ", "))
		}
		c.claim(i, path, cond, claim, providers)
	}
	switch {
	case !subject && len(excluded) > 0:
		c.add(i, "", report.Error, c.addSubjects(providers),
			"the statement does not say which service account: every pod of the cluster but %s may take the role", strings.Join(excluded, ", "))
	case !subject:
		c.add(i, "", report.Error, c.addSubjects(providers),
			"the statement does not say which service account: every pod of the cluster may take the role")
	case !aud:
		c.add(i, ".Condition", report.Warning, addCondition(providerOr(providers)+":aud", iam.Audience),
			"the statement has no audience: a token made for another service is taken too")
	}
}

// cluster returns the issuer, of those that were given, whose claims a statement with one provider is about; "" if it is
// about another's too.
func (c *trustCheck) cluster(s document.Statement) string {
	if len(s.Principal.Federated) != 1 {
		return ""
	}
	about := ""
	for _, cond := range s.Conditions {
		issuer, _, claim := cutLast(cond.Key)
		switch {
		case !claim || issuer == "aws" || issuer == "sts":
		case about == "" && slices.Contains(c.expected.Issuers, issuer), about == issuer:
			about = issuer
		default:
			return ""
		}
	}
	return about
}

// cutLast cuts a key at its last colon: an issuer may have a port.
func cutLast(key string) (before, after string, found bool) {
	colon := strings.LastIndex(key, ":")
	if colon < 0 {
		return key, "", false
	}
	return key[:colon], key[colon+1:], true
}

// addSubjects is the remedy for a statement that names no service account.
func (c *trustCheck) addSubjects(providers []string) string {
	return addCondition(providerOr(providers)+":sub", c.subjects(providers)...)
}

func providerOr(providers []string) string {
	if len(providers) == 0 {
		return "<the provider>"
	}
	return providers[0]
}

// subjects are those that a statement for these providers should name: hue runs on the hub alone.
func (c *trustCheck) subjects(providers []string) []string {
	cluster := 0
	for i, issuer := range c.expected.Issuers {
		if len(providers) > 0 && issuer == providers[0] {
			cluster = i
		}
	}
	var subjects []string
	for _, account := range c.expected.On(cluster) {
		subjects = append(subjects, account.Subject())
	}
	return subjects
}
