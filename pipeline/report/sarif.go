package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

const (
	informationURI  = "https://github.com/palette-ecr/palette-ecr"
	sarifRoot       = "%SRCROOT%"
	fingerprintName = "paletteEcrFinding/v1"

	// sarifLimit is how many results GitHub takes of one run
	// (https://docs.github.com/code-security/reference/code-scanning/sarif-files/troubleshoot-sarif-uploads).
	sarifLimit = 25_000
)

// writeSARIF writes findings in files as results, and everything else that people must hear of as the run's
// notifications. The primaryLocationLineHash that GitHub wants is left to its upload action, which computes
// it from the file.
func writeSARIF(w io.Writer, r *Report, o Options) error {
	run := sarifRun{
		Tool:        sarifTool{Driver: sarifDriver{Name: "palette-ecr", FullName: "palette-ecr, from Zot to Amazon ECR", Version: r.Version, InformationURI: informationURI, Rules: []sarifRule{}}},
		Automation:  sarifID{ID: "palette-ecr/" + r.Command + "/"},
		ColumnKind:  "unicodeCodePoints",
		URIBaseIDs:  map[string]sarifArtifact{sarifRoot: {Description: &sarifText{Text: "The root of the repository."}}},
		Results:     []sarifResult{},
		Invocations: []sarifInvocation{sarifRunOf(r)},
	}
	index := make(map[string]int)
	for i, rule := range rulesOf(r) {
		index[rule.ID] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(rule))
	}
	notes := &run.Invocations[0].Notifications
	prints := fingerprints(r.Findings, o)
	for i, f := range r.Findings {
		if !f.Place.inFile() {
			if f.Ignored == "" {
				*notes = append(*notes, sarifNotification{
					Level: sarifLevel(f.Severity), Message: sarifText{Text: joinSentences(f.Message, f.Remedy)},
					Rule: &sarifRuleRef{f.Rule, index[f.Rule]}, Locations: sarifLogicalOf(f.Place),
				})
			}
			continue
		}
		result := sarifResult{
			RuleID: f.Rule, RuleIndex: index[f.Rule], Level: sarifLevel(f.Severity),
			Message:   sarifText{Text: joinSentences(f.Message, f.Remedy)},
			Locations: []sarifLocation{sarifLocationOf(f, o)}, Fingerprints: map[string]string{fingerprintName: prints[i]},
		}
		if f.Ignored != "" {
			result.Suppressions = []sarifSuppression{{Kind: "inSource", Status: "accepted", Justification: f.Ignored}}
		}
		run.Results = append(run.Results, result)
	}
	if left := len(run.Results) - sarifLimit; left > 0 {
		slices.SortStableFunc(run.Results, func(a, b sarifResult) int { return cmp.Compare(sarifRank(a), sarifRank(b)) })
		run.Results = run.Results[:sarifLimit]
		text := fmt.Sprintf("%d more findings are left out, the least severe: the limit is %d.", left, sarifLimit)
		*notes = append(*notes, sarifNotification{Level: "warning", Message: sarifText{Text: text}})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

// sarifRank sorts results by what people want to hear first, ignored ones last.
func sarifRank(r sarifResult) int {
	if len(r.Suppressions) > 0 {
		return 9
	}
	return slices.Index([]string{"error", "warning", "note"}, r.Level)
}

// sarifRunOf returns how the command ended, and the messages that belong to no file.
func sarifRunOf(r *Report) sarifInvocation {
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	i := sarifInvocation{
		Successful: r.ExitCode != fault.Failed && r.ExitCode != fault.Usage, ExitCode: int(r.ExitCode),
		Start: stamp(r.StartedAt), End: stamp(r.FinishedAt),
	}
	if r.Error != "" {
		i.Notifications = append(i.Notifications, sarifNotification{Level: "error", Message: sarifText{Text: joinSentences(r.Error, r.Remedy)}})
	}
	for _, p := range r.Proofs {
		if p.Verdict == Held {
			continue
		}
		level := "error"
		if p.Verdict == Unproven {
			level = "warning"
		}
		i.Notifications = append(i.Notifications, sarifNotification{
			Level:     level,
			Message:   sarifText{Text: "Proof " + p.Name + " " + string(p.Verdict) + ": " + joinSentences(joinSentences(p.Summary, p.Cause), p.Remedy)},
			Locations: sarifLogicalOf(Place{Cluster: p.Cluster}),
		})
	}
	return i
}

func sarifRuleOf(rule Rule) sarifRule {
	out := sarifRule{
		ID: rule.ID, ShortDescription: sarifText{Text: cmp.Or(rule.Title, rule.ID)},
		Help:          sarifText{Text: lines(cmp.Or(rule.Why, rule.Title), labelled("Fix: ", rule.Fix), labelled("Source: ", rule.Source))},
		Configuration: sarifConfiguration{Level: sarifLevel(rule.Severity)},
		Properties:    map[string]any{"tags": []string{"palette-ecr"}, "problem.severity": string(rule.Severity), "precision": "very-high"},
	}
	if rule.Severity == Info {
		out.Properties["problem.severity"] = "recommendation"
	}
	out.FullDescription = sarifText{Text: cmp.Or(rule.Why, rule.Title, rule.ID)} // GitHub wants one of every rule
	if out.Help.Text == "" {
		out.Help.Text = rule.ID
	}
	if u, err := url.Parse(rule.Source); err == nil && u.Scheme == "https" && u.Host != "" {
		out.HelpURI = u.String()
	}
	return out
}

func sarifLevel(s Severity) string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	}
	return "note"
}

func sarifLocationOf(f Finding, o Options) sarifLocation {
	location := sarifLocation{Physical: &sarifPhysical{Artifact: sarifArtifactOf(o.repositoryPath(f.Place.File))}}
	if f.Place.Line > 0 {
		region := &sarifRegion{StartLine: f.Place.Line, StartColumn: f.Place.Column}
		if f.Place.EndLine >= f.Place.Line {
			region.EndLine = f.Place.EndLine
		}
		if f.Place.EndColumn > 0 && f.Place.Column > 0 {
			region.EndColumn = f.Place.EndColumn
		}
		if f.Snippet != "" && f.Place.EndLine <= f.Place.Line {
			region.Snippet = &sarifText{Text: f.Snippet}
		}
		location.Physical.Region = region
	}
	if f.Place.Path != "" {
		location.Logical = []sarifLogical{{Name: f.Place.Path[strings.LastIndexByte(f.Place.Path, '.')+1:], QualifiedName: f.Place.Path, Kind: "member"}}
	}
	return location
}

// sarifArtifactOf writes a path as an address: relative to the repository's root, or absolute.
func sarifArtifactOf(file string) sarifArtifact {
	if path.IsAbs(file) {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: file}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: file}).String(), URIBaseID: sarifRoot}
}

func sarifLogicalOf(p Place) []sarifLocation {
	name := p.String()
	if name == "" {
		return nil
	}
	return []sarifLocation{{Logical: []sarifLogical{{QualifiedName: name}}}}
}
