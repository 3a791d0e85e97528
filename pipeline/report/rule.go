package report

// Rule explains what findings with its ID mean. The lint catalogue fills it; outputs that can carry
// explanations (SARIF, HTML) show them, and JUnit lists the rules that found nothing as passed.
type Rule struct {
	ID       string   `json:"id"` // for example L07
	Severity Severity `json:"severity"`
	Title    string   `json:"title"`
	Why      string   `json:"why"`              // what goes wrong otherwise
	Source   string   `json:"source,omitempty"` // where that is known from: a document, source code, an issue
	Fix      string   `json:"fix,omitempty"`    // what to change
}

// rulesOf returns the report's rules by ID, completed by one made from the findings for every rule that the
// report does not explain, so that no output refers to a rule that it does not list. The order is that of
// the report's rules, then that of the findings.
func rulesOf(r *Report) []Rule {
	rules := append([]Rule(nil), r.Rules...)
	known := make(map[string]bool, len(rules))
	for _, rule := range rules {
		known[rule.ID] = true
	}
	for _, f := range r.Findings {
		if known[f.Rule] {
			continue
		}
		known[f.Rule] = true
		rules = append(rules, Rule{ID: f.Rule, Severity: f.Severity, Title: f.Title, Fix: f.Remedy})
	}
	return rules
}
