package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

// writeJUnit writes one suite each for the command, its stages, findings and proofs. What failed or was
// refused is a failure, a proof that could not be obtained is an error, and what was not done is skipped. Rules
// without a finding are passed tests, so that a clean lint shows what was looked at.
func writeJUnit(w io.Writer, r *Report, _ Options) error {
	var suites junit.Testsuites
	suites.Name = "palette-ecr " + r.Command
	elapsed := r.FinishedAt.Sub(r.StartedAt).Seconds()
	suites.Time = junitSeconds(elapsed)
	add := func(name string, took float64, cases []junit.Testcase) {
		if len(cases) == 0 {
			return
		}
		suite := junit.Testsuite{Name: name, ID: len(suites.Suites), Time: junitSeconds(took)}
		suite.SetTimestamp(r.StartedAt)
		for _, c := range cases {
			suite.AddTestcase(c)
		}
		suites.AddSuite(suite)
	}
	add("palette-ecr", elapsed, junitCommand(r))
	took := 0.0
	for _, s := range r.Stages {
		took += s.Seconds
	}
	add("stages", took, junitStages(r.Stages))
	add("proofs", 0, junitProofs(r.Proofs))
	add("findings", 0, junitFindings(r))
	suites.Skipped = 0 // Jenkins' schema has it at the suites only
	if _, err := io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"); err != nil {
		return err
	}
	return suites.WriteXML(w)
}

func junitSeconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// junitResult holds text fit for XML 1.0, which has no characters for most control codes.
func junitResult(kind, message, details string) *junit.Result {
	return &junit.Result{Type: kind, Message: xmlText(message), Data: xmlText(details)}
}

func xmlText(s string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c == 0xfffe || c == 0xffff {
			return '�'
		}
		return c
	}, s)
}

func junitCommand(r *Report) []junit.Testcase {
	c := junit.Testcase{Name: r.Command, Classname: "palette-ecr", Time: junitSeconds(r.FinishedAt.Sub(r.StartedAt).Seconds())}
	if r.Error != "" {
		c.Error = junitResult(r.ExitCode.String(), r.Error, lines(r.Error, labelled("Next: ", r.Remedy)))
	}
	return []junit.Testcase{c}
}

func junitStages(stages []Stage) []junit.Testcase {
	var cases []junit.Testcase
	for _, s := range stages {
		c := junit.Testcase{Name: xmlText(s.Name), Classname: "stages", Time: junitSeconds(s.Seconds)}
		switch s.Outcome {
		case Done:
			c.SystemOut = junitOutput(lines(append([]string{s.Summary}, s.Notes...)...))
		case Failed, Refused:
			c.Failure = junitResult(string(s.Outcome), stageText(s), lines(append([]string{s.Summary, s.Reason}, s.Notes...)...))
		default:
			c.Skipped = junitResult("", stageText(s), "")
		}
		cases = append(cases, c)
	}
	return cases
}

func junitProofs(proofs []Proof) []junit.Testcase {
	var cases []junit.Testcase
	for _, p := range proofs {
		c := junit.Testcase{Name: xmlText(p.Name), Classname: "proofs"}
		if p.Cluster != "" {
			c.Name += xmlText(" in " + p.Cluster)
		}
		details := []string{p.Summary, labelled("Cause: ", p.Cause), labelled("Next: ", p.Remedy)}
		for _, e := range p.Evidence {
			if !e.OK {
				details = append(details, e.Object+": "+e.Seen)
			}
		}
		switch p.Verdict {
		case Held:
			c.SystemOut = junitOutput(p.Summary)
		case Broken:
			c.Failure = junitResult("failed", cmp.Or(p.Cause, p.Summary), lines(details...))
		default:
			c.Error = junitResult("unproven", cmp.Or(p.Cause, p.Summary), lines(details...))
		}
		cases = append(cases, c)
	}
	return cases
}

func junitFindings(r *Report) []junit.Testcase {
	var cases []junit.Testcase
	found := make(map[string]bool)
	for _, f := range r.Findings {
		found[f.Rule] = true
		where := f.Place.Path
		if where == "" {
			where = f.Place.String()
		}
		c := junit.Testcase{Name: xmlText(strings.TrimSpace(f.Rule + " " + where)), Classname: xmlText(f.Title)}
		details := lines(f.Place.String(), f.Snippet, f.Message, labelled("Fix: ", f.Remedy))
		switch {
		case f.Ignored != "":
			c.Skipped = junitResult("", "ignored: "+f.Ignored, details)
		case f.Severity == Error:
			c.Failure = junitResult(string(f.Severity), f.Message, details)
		default:
			c.SystemOut = junitOutput(string(f.Severity) + ": " + details)
		}
		cases = append(cases, c)
	}
	for _, rule := range r.Rules {
		if !found[rule.ID] {
			cases = append(cases, junit.Testcase{Name: xmlText(rule.ID), Classname: xmlText(rule.Title)})
		}
	}
	return cases
}

func junitOutput(text string) *junit.Output {
	if text == "" {
		return nil
	}
	return &junit.Output{Data: xmlText(text)}
}

// lines joins what is not empty, one a line.
func lines(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "\n")
}

func labelled(label, text string) string {
	if text == "" {
		return ""
	}
	return label + text
}
