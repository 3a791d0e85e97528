package report

import (
	"encoding/json"
	"io"
)

// codeQualityIssue is what GitLab reads of a Code Climate issue
// (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format).
type codeQualityIssue struct {
	Description string              `json:"description"`
	CheckName   string              `json:"check_name"`
	Fingerprint string              `json:"fingerprint"`
	Severity    string              `json:"severity"`
	Location    codeQualityLocation `json:"location"`
}

type codeQualityLocation struct {
	Path  string           `json:"path"`
	Lines codeQualityLines `json:"lines"`
}

type codeQualityLines struct {
	Begin int `json:"begin"`
}

// writeCodeQuality writes the findings in files: GitLab takes no others (JUnit has them all). What a file
// asks to ignore is left out, since the form has no word for it.
func writeCodeQuality(w io.Writer, r *Report, o Options) error {
	issues := []codeQualityIssue{}
	prints := fingerprints(r.Findings, o)
	for i, f := range r.Findings {
		if f.Ignored != "" || !f.Place.inFile() {
			continue
		}
		issues = append(issues, codeQualityIssue{
			Description: joinSentences(f.Message, f.Remedy),
			CheckName:   f.Rule,
			Fingerprint: prints[i],
			Severity:    codeQualitySeverity(f.Severity),
			Location:    codeQualityLocation{Path: o.repositoryPath(f.Place.File), Lines: codeQualityLines{Begin: max(f.Place.Line, 1)}},
		})
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(issues)
}

func codeQualitySeverity(s Severity) string {
	switch s {
	case Error:
		return "critical"
	case Warning:
		return "minor"
	}
	return "info"
}
