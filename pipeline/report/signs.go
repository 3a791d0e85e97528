package report

// sign is the one-column mark of an outcome.
func (o Outcome) sign() string {
	switch o {
	case Done:
		return "✓"
	case Failed, Refused:
		return "✗"
	case Skipped:
		return "–"
	}
	return "·"
}

// sign is the one-column mark of a verdict.
func (v Verdict) sign() string {
	switch v {
	case Held:
		return "✓"
	case Broken:
		return "✗"
	}
	return "?"
}
