package preflight

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Catalogue returns every rule of preflight, one family a file, in the order of their IDs.
func Catalogue() []report.Rule {
	var all []report.Rule
	for _, family := range [][]report.Rule{
		rightsRules(), clusterRules(), releaseRules(),
	} {
		all = append(all, family...)
	}
	return all
}

// Rules returns the catalogue with the rules of lint that preflight feeds.
func Rules() []report.Rule {
	all := Catalogue()
	for _, id := range liveRules {
		for _, r := range lint.Catalogue() {
			if r.ID == id {
				all = append(all, r)
			}
		}
	}
	return all
}

func titleOf(id string) string {
	for _, r := range Catalogue() {
		if r.ID == id {
			return r.Title
		}
	}
	return ""
}

// Explain returns in plain text what a rule of preflight or of lint is about. The ID all returns the list of all
// rules. The error is for an unknown rule (a *fault.Error, Usage).
func Explain(id string) (string, error) {
	if strings.EqualFold(id, "all") {
		text, err := lint.Explain(id)
		return text + list(), err
	}
	if !strings.HasPrefix(strings.ToUpper(id), "P") {
		return lint.Explain(id)
	}
	for _, r := range Catalogue() {
		if strings.EqualFold(r.ID, id) {
			return r.Explanation(""), nil
		}
	}
	all := Catalogue()
	return "", fault.New(fault.Usage, fmt.Sprintf("take one of %s to %s; palette-ecr lint --explain all lists them", all[0].ID, all[len(all)-1].ID), "explaining rule %q: there is no such rule", id)
}

func list() string {
	var out strings.Builder
	for _, r := range Catalogue() {
		fmt.Fprintf(&out, "%s  %-8s %s\n", r.ID, r.Severity, r.Title)
	}
	return out.String()
}
