package report

import (
	"cmp"
	"slices"
)

// rank puts the severities in the order in which people want to hear of them.
func (s Severity) rank() int {
	switch s {
	case Error:
		return 0
	case Warning:
		return 1
	}
	return 2
}

// bySeverity returns the findings that count (those that the file does not ask to ignore), worst first, then
// by rule, file, line and column.
func bySeverity(findings []Finding) []Finding {
	var sorted []Finding
	for _, f := range findings {
		if f.Ignored == "" {
			sorted = append(sorted, f)
		}
	}
	slices.SortStableFunc(sorted, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Severity.rank(), b.Severity.rank()),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Place.File, b.Place.File),
			cmp.Compare(a.Place.Line, b.Place.Line),
			cmp.Compare(a.Place.Column, b.Place.Column),
		)
	})
	return sorted
}

// group is what one rule found.
type group struct {
	Rule     string
	Severity Severity
	Title    string
	Findings []Finding
}

// groupByRule gathers sorted findings by severity and rule.
func groupByRule(findings []Finding) []group {
	var groups []group
	for _, f := range findings {
		last := len(groups) - 1
		if last < 0 || groups[last].Rule != f.Rule || groups[last].Severity != f.Severity {
			groups = append(groups, group{Rule: f.Rule, Severity: f.Severity, Title: f.Title})
			last++
		}
		groups[last].Findings = append(groups[last].Findings, f)
	}
	return groups
}

// remedy is the remedy that all findings of the group share, or "" when they differ.
func (g group) remedy() string {
	for _, f := range g.Findings {
		if f.Remedy != g.Findings[0].Remedy {
			return ""
		}
	}
	return g.Findings[0].Remedy
}
