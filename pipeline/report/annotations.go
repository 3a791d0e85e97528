package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// annotationsShown is how many annotations of a kind GitHub shows for a step.
const annotationsShown = 10

// writeAnnotations writes GitHub workflow commands: the worst findings, proofs that did not hold, and the
// error that ended the command. What GitHub would not show is counted in the last of them.
func writeAnnotations(w io.Writer, r *Report, o Options) error {
	perKind := make(map[string][]string)
	add := func(kind, command string) { perKind[kind] = append(perKind[kind], command) }
	if r.Error != "" {
		add("error", workflowCommand("error", "palette-ecr "+r.Command, Place{}, o, lines(r.Error, labelled("Next: ", r.Remedy))))
	}
	for _, p := range r.Proofs {
		kind := "error"
		switch p.Verdict {
		case Held:
			continue
		case Unproven:
			kind = "warning"
		}
		title := "Proof " + p.Name + " " + string(p.Verdict)
		if p.Cluster != "" {
			title += " in " + p.Cluster
		}
		add(kind, workflowCommand(kind, title, Place{}, o, lines(p.Summary, p.Cause, labelled("Next: ", p.Remedy))))
	}
	for _, f := range bySeverity(r.Findings) {
		kind := map[Severity]string{Error: "error", Warning: "warning"}[f.Severity]
		if kind == "" {
			kind = "notice"
		}
		message := f.Message
		if !f.Place.inFile() {
			message = joinSentences(f.Place.String(), message)
		}
		add(kind, workflowCommand(kind, f.Rule+" "+f.Title, f.Place, o, lines(message, labelled("Fix: ", f.Remedy))))
	}
	return writeCommands(w, perKind)
}

// writeCommands writes as many commands of each kind as are shown, then a notice that counts the rest.
func writeCommands(w io.Writer, perKind map[string][]string) error {
	var out strings.Builder
	left := 0
	for _, kind := range []string{"error", "warning", "notice"} {
		shown := annotationsShown
		if kind == "notice" {
			shown-- // the count is one too
		}
		commands := perKind[kind]
		if len(commands) > shown {
			left += len(commands) - shown
			commands = commands[:shown]
		}
		for _, c := range commands {
			out.WriteString(c)
		}
	}
	if left > 0 {
		out.WriteString(workflowCommand("notice", "palette-ecr", Place{}, Options{}, fmt.Sprintf("%d more in the full report", left)))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

var (
	commandData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// workflowCommand is one line as the runner reads it
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
func workflowCommand(kind, title string, p Place, o Options, message string) string {
	var properties []string
	add := func(name, value string) {
		properties = append(properties, name+"="+commandProperty.Replace(value))
	}
	if p.inFile() {
		add("file", o.repositoryPath(p.File))
		if p.Line > 0 {
			add("line", strconv.Itoa(p.Line))
			add("endLine", strconv.Itoa(max(p.EndLine, p.Line)))
		}
		if p.Column > 0 && p.EndLine <= p.Line { // GitHub shows columns within one line only
			add("col", strconv.Itoa(p.Column))
			if p.EndColumn > p.Column {
				add("endColumn", strconv.Itoa(p.EndColumn))
			}
		}
	}
	add("title", title)
	return "::" + kind + " " + strings.Join(properties, ",") + "::" + commandData.Replace(message) + "\n"
}
