package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// formats of the one report, and the files that they go into.
var formats = []struct{ name, file string }{
	{"json", "report.json"},
	{"junit", "junit.xml"},
	{"sarif", "report.sarif"},
	{"codequality", "gl-code-quality-report.json"},
	{"github", "annotations.txt"},
	{"markdown", "report.md"},
	{"html", "report.html"},
	{"terraform", "tfplan.json"},
}

// wrongUse is palette-ecr's exit code for flags and files that it can't work with.
const wrongUse = 64

// anyway is whether a stage that failed gives its report all the same.
type anyway bool

// command is one call of palette-ecr, or of another program, in a container.
type command struct {
	container *dagger.Container
	program   string // palette-ecr when empty
	args      []string
	before    string // for a shell, to be done first
}

// live makes a command one that is run anew at each call, since what it reads or changes is outside of the engine.
func (c command) live() command {
	c.container = c.container.WithEnvVariable("PALETTE_ECR_CALLED_AT", time.Now().UTC().Format(time.RFC3339Nano))
	return c
}

// run runs a command that is expected to do well, and gives the container after it.
func (c command) run(ctx context.Context) (*dagger.Container, error) {
	args := append([]string{cmp.Or(c.program, "palette-ecr")}, c.args...)
	done, err := c.container.
		WithDirectory("/out", dag.Directory()).
		WithExec(args, dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny, RedirectStdout: "/out/stdout"}).
		Sync(ctx)
	if err != nil {
		return nil, unreadable(args, err)
	}
	code, err := done.ExitCode(ctx)
	if err != nil || code == 0 {
		return done, err
	}
	said, err := done.Stderr(ctx)
	if err != nil {
		return nil, err
	}
	return nil, failure(args, code, "", said)
}

// report runs a command whose result is a report, and takes the report whether it did well or not.
func (c command) report(ctx context.Context, tolerant anyway) (*Report, error) {
	args := append([]string{cmp.Or(c.program, "palette-ecr")}, c.args...)
	for _, format := range formats {
		args = append(args, "--output="+format.name+"=/out/report/"+format.file)
	}
	line := args
	if c.before != "" {
		line = []string{"sh", "-c", c.before + quoted(slices.Clone(args)...)}
	}
	done, err := c.container.
		WithDirectory("/out/report", dag.Directory()).
		WithExec(line, dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny, RedirectStdout: "/out/report/report.txt"}).
		Sync(ctx)
	if err != nil {
		return nil, unreadable(args, err)
	}
	r := &Report{Command: args[:2]}
	if r.ExitCode, err = done.ExitCode(ctx); err != nil {
		return nil, err
	}
	if r.Summary, err = done.File("/out/report/report.txt").Contents(ctx); err != nil {
		return nil, err
	}
	said, err := done.Stderr(ctx)
	if err != nil {
		return nil, err
	}
	if r.ExitCode != 0 {
		r.Message = lastWords(said)
	}
	r.Files = done.Directory("/out/report").WithNewFile("exit-code", exitCode(r.ExitCode))
	if tolerant {
		return r, nil
	}
	return r, r.Assert()
}

// failure is an error that ends `dagger call` with the command's own words and exit code: the form in which the
// engine itself says that a command failed.
func failure(args []string, code int, stdout, stderr string) error {
	said := lastWords(stderr)
	if said == "" {
		said = strings.TrimSpace(stdout)
	}
	return &gqlerror.Error{Message: said, Extensions: map[string]any{
		"_type": "EXEC_ERROR", "cmd": args, "exitCode": code, "stdout": strings.TrimSpace(stdout), "stderr": "",
	}}
}

// unreadable says of a Secret that the engine can't read only that; other errors stay as they are.
func unreadable(args []string, err error) error {
	const words = "failed to read secret"
	at := strings.Index(err.Error(), words)
	if at < 0 {
		return err
	}
	return failure(args, wrongUse, "", "reading a Secret: "+err.Error()[at:]+
		"\ntry:   name a file that is there, or a variable that is set, after file:// or env://")
}

// lastWords are the command's error, without the progress before it.
func lastWords(stderr string) string {
	if at := strings.LastIndex("\n"+stderr, "\nerror: "); at >= 0 {
		stderr = stderr[at:]
	}
	return strings.TrimPrefix(strings.TrimSpace(stderr), "error: ") // dagger says that word itself
}
