package lint

import (
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// rule is an entry of the catalogue.
type rule struct {
	report.Rule
	fixable bool // values.Render, and so lint --fix, corrects it
	// check adds its findings to the view. Nil: they come from elsewhere in this package.
	check func(*view) error
}

// rules is the whole catalogue in the order of the IDs, one family a file.
func rules() []rule {
	var all []rule
	for _, family := range [][]rule{
		ignoreRules(), accessRules(), addressRules(), topologyRules(), identityRules(),
		timingRules(), zotRules(), fileRules(), renderedRules(), repositoryRules(), certRules(), keyRules(), unseenRules(), fluxRules(), releaseRules(),
	} {
		all = append(all, family...)
	}
	slices.SortFunc(all, func(a, b rule) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return all
}

// Catalogue is every rule that lint knows: what it is about, why, where that is known from, and how to
// fix it.
func Catalogue() []report.Rule {
	all := rules()
	catalogue := make([]report.Rule, 0, len(all))
	for _, r := range all {
		catalogue = append(catalogue, r.Rule)
	}
	return catalogue
}

// Fixable reports whether lint --fix corrects findings of a rule. A finding of a fixable rule may still need
// a person, for example where the file lacks what the right value follows from.
func Fixable(id string) bool {
	for _, r := range rules() {
		if r.ID == id {
			return r.fixable
		}
	}
	return false
}
