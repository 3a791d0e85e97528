package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Options say how a report is written. The zero value is plain text for 100 columns.
type Options struct {
	Paint Paint  // text: how styles are drawn; nil is without
	Width int    // text: columns to fill; 0 is 100
	All   bool   // text: every finding and all evidence, instead of the first few of each kind
	Seen  bool   // text: the person was asked about the plan, and need not read it again
	Root  string // the repository's root, absolute: file paths in CI formats become relative to it
	Dir   string // the directory that relative file paths start from, absolute
}

// Format is one way to write a report.
type Format struct {
	Name    string // as in -o NAME=FILE
	Summary string // what it is for, for help texts
	write   func(io.Writer, *Report, Options) error
}

// Formats lists every format, text first.
func Formats() []Format {
	return []Format{
		{"text", "for people, in a terminal", writeText},
		{"json", "everything, for programs; its JSON Schema is published", writeJSON},
		{"junit", "JUnit XML, for the test reports of CI systems", writeJUnit},
		{"sarif", "SARIF 2.1.0, for GitHub code scanning and editors", writeSARIF},
		{"codequality", "GitLab code quality, for its merge requests", writeCodeQuality},
		{"github", "GitHub workflow commands, for annotations", writeAnnotations},
		{"markdown", "Markdown, for a job's summary or a merge request", writeMarkdown},
		{"html", "one page to open or print; needs no network", writeHTML},
		{"terraform", "GitLab's plan widget: how much would be created, updated and deleted", writeTerraform},
		{"plan", "the plan itself, for run --plan", writePlanFile},
	}
}

// Names lists the formats' names.
func Names() []string {
	var names []string
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	return names
}

// Write writes the report in the format with that name. Whatever the model's strings hold, known secrets
// and what looks like one are masked first. An unknown format is a fault with code Usage.
func Write(w io.Writer, format string, r *Report, o Options) error {
	f, err := lookup(format)
	if err != nil {
		return err
	}
	if err := f.write(w, complete(r), o); err != nil {
		return fmt.Errorf("writing the report as %s: %w", format, err)
	}
	return nil
}

func lookup(name string) (Format, error) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, fault.New(fault.Usage, "use one of "+strings.Join(Names(), ", "), "choosing the output format %q: unknown", name)
}

// complete returns a copy of r that is fit to be written: without secrets, marked with its kind, lists never null.
func complete(r *Report) *Report {
	c := withoutSecrets(r)
	c.APIVersion, c.Kind = APIVersion, Kind
	if c.Stages == nil {
		c.Stages = []Stage{}
	}
	if c.Findings == nil {
		c.Findings = []Finding{}
	}
	if c.Proofs == nil {
		c.Proofs = []Proof{}
	}
	for _, s := range []*Standing{c.Before, c.Now} {
		if s != nil && s.Pulls == nil {
			s.Pulls = []Pull{}
		}
	}
	if c.Baseline != nil && c.Baseline.Broken == nil {
		c.Baseline.Broken = []Broke{}
	}
	return c
}
