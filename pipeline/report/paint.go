package report

// paint colours text for a terminal, or leaves it as it is.
type paint bool

func (p paint) sgr(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) bold(s string) string   { return p.sgr("1", s) }
func (p paint) dim(s string) string    { return p.sgr("2", s) }
func (p paint) red(s string) string    { return p.sgr("1;31", s) }
func (p paint) green(s string) string  { return p.sgr("32", s) }
func (p paint) yellow(s string) string { return p.sgr("33", s) }
func (p paint) blue(s string) string   { return p.sgr("34", s) }
func (p paint) cyan(s string) string   { return p.sgr("36", s) }

func (p paint) severity(s Severity, text string) string {
	switch s {
	case Error:
		return p.red(text)
	case Warning:
		return p.yellow(text)
	}
	return p.blue(text)
}

func (p paint) verdict(v Verdict, text string) string {
	switch v {
	case Held:
		return p.green(text)
	case Broken:
		return p.red(text)
	}
	return p.yellow(text)
}

func (p paint) outcome(o Outcome, text string) string {
	switch o {
	case Done:
		return p.green(text)
	case Failed, Refused:
		return p.red(text)
	}
	return p.dim(text)
}

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
