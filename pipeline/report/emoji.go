package report

import "github.com/palette-ecr/palette-ecr/pipeline/fault"

// The marks of Markdown summaries, which have no other colour.

func exitEmoji(r *Report) string {
	switch r.ExitCode {
	case fault.Done:
		return "✅"
	case fault.Pending:
		return "🔶"
	case fault.Unproven:
		return "❔"
	}
	return "❌"
}

func outcomeEmoji(o Outcome) string {
	switch o {
	case Done:
		return "✅"
	case Failed:
		return "❌"
	case Refused:
		return "⛔"
	case Skipped:
		return "⏭️"
	}
	return "▫️"
}

func verdictEmoji(v Verdict) string {
	switch v {
	case Held:
		return "✅"
	case Broken:
		return "❌"
	}
	return "❔"
}

func severityEmoji(s Severity) string {
	switch s {
	case Error:
		return "❌"
	case Warning:
		return "⚠️"
	}
	return "ℹ️"
}
