package main

import (
	"context"
	"slices"
	"time"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// formats of the one report, and the files that they go into.
var formats = []struct{ name, file string }{
	{"json", reportName},
	{"junit", "junit.xml"},
	{"sarif", "report.sarif"},
	{"codequality", "gl-code-quality-report.json"},
	{"github", "annotations.txt"},
	{"markdown", "report.md"},
	{"html", "report.html"},
	{"terraform", "tfplan.json"},
}

const (
	out        = "/out"
	stdout     = out + "/stdout"
	reportName = "report.json"
)

// anyway is whether a stage that failed gives its report all the same.
type anyway bool

// command is one call of palette-ecr in a container.
type command struct {
	program   string // palette-ecr when empty
	container *dagger.Container
	args      []string
	before    string // for a shell, to be done first
}

// call returns a command on the user's file, for the target.
func (m *PaletteEcr) call(ctx context.Context, args ...string) (command, error) {
	file, err := m.Input.args()
	if err != nil {
		return command{}, err
	}
	c, err := m.container(ctx)
	if err != nil {
		return command{}, err
	}
	return command{container: c, args: append(append(slices.Clone(args), file...), m.targetFlags()...)}, nil
}

// targetFlags are the flags that say what is wanted.
func (m *PaletteEcr) targetFlags() []string {
	return append(slices.Clone(m.Flags), m.Chart.Flags...)
}

// live makes a command one that is run again at each call, since what it reads or changes is outside of the engine.
func (c command) live() command {
	c.container = c.container.WithEnvVariable("PALETTE_ECR_CALLED_AT", time.Now().UTC().Format(time.RFC3339Nano))
	return c
}

// quiet makes a command one that shows no progress.
func (c command) quiet() command {
	c.args = append(slices.Clone(c.args), "--quiet")
	return c
}

func (c command) line() []string {
	program := c.program
	if program == "" {
		program = "palette-ecr"
	}
	line := append([]string{program}, c.args...)
	if c.before != "" {
		return []string{"sh", "-c", c.before + quoted(line...)}
	}
	return line
}

// done runs a command to its end, well or not, with what it prints in a file.
func (c command) done(ctx context.Context) (*dagger.Container, error) {
	done, err := c.container.
		WithDirectory(out, dag.Directory(), dagger.ContainerWithDirectoryOpts{Owner: user}).
		WithExec(c.line(), dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny, RedirectStdout: stdout}).
		Sync(ctx)
	if err != nil {
		return nil, unreadable(err)
	}
	return done, nil
}

// run runs a command that is expected to do well and has no report.
func (c command) run(ctx context.Context) (*dagger.Container, error) {
	if c.program == "" {
		c = c.quiet() // so that only the error is on standard error
	}
	done, err := c.done(ctx)
	if err != nil {
		return nil, err
	}
	if code, err := done.ExitCode(ctx); err != nil || code != 0 {
		return nil, c.failed(ctx, done, code, err)
	}
	return done, nil
}

// text returns what a command prints.
func (c command) text(ctx context.Context) (string, error) {
	done, err := c.run(ctx)
	if err != nil {
		return "", err
	}
	return done.File(stdout).Contents(ctx)
}

// failed returns the error of a command that has no report.
func (c command) failed(ctx context.Context, done *dagger.Container, code int, err error) error {
	if err != nil {
		return err
	}
	said, err := done.Stderr(ctx)
	if err != nil {
		return err
	}
	code, why := fromStderr(code, said)
	return failure(c.line(), code, why)
}

// report runs a command whose result is a report, and takes the report whether it did well or not.
func (c command) report(ctx context.Context, tolerant anyway) (*Report, error) {
	c.args = slices.Clone(c.args)
	for _, format := range formats {
		c.args = append(c.args, "--output="+format.name+"="+out+"/"+format.file)
	}
	c.args = append(c.args, "--output=text="+out+"/report.txt")
	done, err := c.done(ctx)
	if err != nil {
		return nil, err
	}
	r, err := readReport(ctx, done)
	if err != nil {
		return nil, err
	}
	r.Command = c.line()
	if tolerant {
		return r, nil
	}
	return r, r.Assert()
}
