package lint

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// ignoreRules are about the comments that ask to ignore findings.
func ignoreRules() []rule {
	return []rule{{
		Rule: report.Rule{
			ID: ignoreRule, Severity: report.Error,
			Title:  "A comment that ignores findings is incomplete",
			Why:    "Who reads the file later must be able to see why a rule doesn't count there; without a reason nothing is ignored.",
			Source: "palette-ecr's own rule",
			Fix:    "write # palette-ecr:ignore L11 and the reason, behind the line or alone on the line above it",
		},
	}}
}

const ignoreRule = "L00"

// mark is what begins such a comment.
const mark = "palette-ecr:ignore"

var ignoreComment = regexp.MustCompile(`^#+\s*` + mark + `(?:\s+([A-Z]\d+(?:,\s*[A-Z]\d+)*))?(?:[\s:]+(.*?))?\s*$`)

// ignored is what the file asks to ignore on one line.
type ignored map[string]string // reason by rule

// ignore gives findings the reasons that comments on their lines have, and adds those about the comments.
func (n *notes) ignore(findings []report.Finding, disabled map[string]bool) []report.Finding {
	if !bytes.Contains(n.file.Data(), []byte(mark)) {
		return findings
	}
	known := map[string]bool{}
	for _, r := range rules() {
		known[r.ID] = true
		if r.ID == ignoreRule {
			n.rule = r.Rule
		}
	}
	lines := map[int]ignored{}
	n.findings = nil
	comments := n.file.Comments()
	for i, c := range comments {
		m := ignoreComment.FindStringSubmatch(c.Text)
		if m == nil || !strings.Contains(c.Text, mark) {
			continue
		}
		place := report.Place{File: n.file.Name(), Line: c.Line, Column: c.Column, EndLine: c.Line, EndColumn: c.Column + len([]rune(c.Text))}
		if m[1] == "" || m[2] == "" {
			n.add(report.Error, place, "write # "+mark+" L11 and the reason", "the comment ignores nothing: %s", lacking(m[1]))
			continue
		}
		for _, id := range strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' }) {
			if !known[id] || id == ignoreRule {
				n.add(report.Error, place, "take the ID that the finding shows", "the comment ignores %s, which is no rule that can be ignored", id)
				continue
			}
			line := about(comments[i:], n.file)
			if lines[line] == nil {
				lines[line] = ignored{}
			}
			lines[line][id] = m[2]
		}
	}
	for i, f := range findings {
		if f.Place.File == n.file.Name() && f.Place.Line > 0 {
			findings[i].Ignored = lines[f.Place.Line][f.Rule]
		}
	}
	if disabled[ignoreRule] {
		return findings
	}
	return append(findings, n.findings...)
}

func lacking(rules string) string {
	if rules == "" {
		return "it names no rule"
	}
	return "it gives no reason"
}

// about is the line that a comment is about: its own, or the next that isn't a comment or blank if it is
// alone on its own.
func about(comments []values.Comment, file *values.File) int {
	line := comments[0].Line
	if !comments[0].Alone {
		return line
	}
	for line++; line <= file.Lines(); line++ {
		if text := strings.TrimSpace(file.Line(line)); text != "" && !strings.HasPrefix(text, "#") {
			break
		}
	}
	return line
}
