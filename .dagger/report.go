package main

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// What a stage found and did, in every format that palette-ecr writes
type Report struct {
	// The report as text.
	Summary string
	// The exit code of the stage: zero done, one failed, two changes pending, three a gate refused, four unproven.
	ExitCode int
	// Why the stage failed and what to try; empty when it did not.
	Message string

	// +private
	Files *dagger.Directory
	// +private
	Command []string
}

// readReport takes the report of a command that has ended. A command that ended before it had one is taken at its word.
func readReport(ctx context.Context, done *dagger.Container) (*Report, error) {
	files := done.Directory(out).WithoutFile("stdout")
	names, err := files.Entries(ctx)
	if err != nil {
		return nil, err
	}
	r := &Report{}
	if slices.Contains(names, reportName) {
		data, err := files.File(reportName).Contents(ctx)
		if err != nil {
			return nil, err
		}
		if r.ExitCode, r.Message, err = readOutcome(data); err != nil {
			return nil, err
		}
		text, err := files.File("report.txt").Contents(ctx)
		if err != nil {
			return nil, err
		}
		r.Summary = inReports(text)
		files = files.WithNewFile("report.txt", r.Summary)
	} else {
		if r.ExitCode, err = done.ExitCode(ctx); err != nil {
			return nil, err
		}
		said, err := done.Stderr(ctx)
		if err != nil {
			return nil, err
		}
		r.ExitCode, r.Message = fromStderr(r.ExitCode, said)
		r.Summary = r.Message + "\n"
		files = files.WithNewFile("report.txt", r.Summary)
	}
	r.Files = files.WithNewFile("exit-code", exitCode(r.ExitCode))
	return r, nil
}

// refusal is the report of a stage that refuses before it runs.
func refusal(what, try string) *Report {
	text := message(what, try)
	return &Report{
		Command: []string{"palette-ecr"}, ExitCode: usage, Summary: text + "\n", Message: text,
		Files: dag.Directory().WithNewFile("report.txt", text+"\n").WithNewFile("exit-code", exitCode(usage)),
	}
}

// Fails with the stage's own words and exit code, if it failed
func (r *Report) Assert() error {
	if r.ExitCode == 0 {
		return nil
	}
	return failure(r.Command, r.ExitCode, r.Message)
}

// Every format as a file of a directory, and the exit code in a file called exit-code
func (r *Report) Directory(
	// Address at which the page of the report will be seen: GitLab then shows a link to it at the job.
	//
	// +optional
	link string,
) (*dagger.Directory, error) {
	if link == "" {
		return r.Files, nil
	}
	type external struct {
		Label string `json:"label"`
		URL   string `json:"url"`
	}
	annotations, err := json.Marshal(map[string]any{
		"palette-ecr": []map[string]external{{"external_link": {Label: "Report", URL: link}}},
	})
	if err != nil {
		return nil, err
	}
	return r.Files.WithNewFile("gl-annotations.json", string(annotations)), nil
}

// The report as text
func (r *Report) Text() *dagger.File { return r.Files.File("report.txt") }

// The report for programs, with a published schema
func (r *Report) Json() *dagger.File { return r.Files.File(reportName) }

// The report for test reports of CI systems
func (r *Report) Junit() *dagger.File { return r.Files.File("junit.xml") }

// The findings for code scanning and editors
func (r *Report) Sarif() *dagger.File { return r.Files.File("report.sarif") }

// The findings for merge requests of GitLab
func (r *Report) CodeQuality() *dagger.File { return r.Files.File("gl-code-quality-report.json") }

// The findings as workflow commands of GitHub: printed in a job, they become annotations
func (r *Report) Annotations() *dagger.File { return r.Files.File("annotations.txt") }

// The report for a job's summary or a merge request
func (r *Report) Markdown() *dagger.File { return r.Files.File("report.md") }

// The report as one page, to open or print
func (r *Report) Html() *dagger.File { return r.Files.File("report.html") }

// How much would be created, updated and deleted, as GitLab shows it in a merge request
func (r *Report) Terraform() *dagger.File { return r.Files.File("tfplan.json") }

func exitCode(code int) string { return strconv.Itoa(code) + "\n" }
