// Tests of the module palette-ecr on a real engine; every test is a check
//
//	dagger -m tests check
//
// What New takes, an image from a mirror for example, is given in a file .env: TESTS_GOLANG=mirror.example/golang:1.26.1
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"dagger/tests/internal/dagger"
)

// Tests of palette-ecr that need no cluster
type Tests struct {
	// +private
	Values *dagger.Directory
	// +private
	Golang string
	// +private
	GoProxy string
}

const (
	endpoint = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"
	roleArn  = "arn:aws:iam::123456789012:role/palette-ecr"
)

func New(
	// The corpus of values.
	//
	// +defaultPath="/fixtures/values"
	values *dagger.Directory,
	// Image with Go; that of the module when empty.
	//
	// +optional
	golang string,
	// Where Go modules come from, as GOPROXY says it.
	//
	// +optional
	goProxy string,
) *Tests {
	return &Tests{Values: values, Golang: golang, GoProxy: goProxy}
}

func (t *Tests) module(values, endpoint string) *dagger.PaletteEcr {
	return t.of(dagger.PaletteEcrOpts{Values: t.Values.File(values), Path: "deploy/values.yaml", Endpoint: endpoint, RoleArn: roleArn})
}

func (t *Tests) of(what dagger.PaletteEcrOpts) *dagger.PaletteEcr {
	return dag.PaletteEcr(what).WithImages(dagger.PaletteEcrWithImagesOpts{Golang: t.Golang, GoProxy: t.GoProxy})
}

// What render makes is what the golden file says
//
// +check
func (t *Tests) Render(ctx context.Context) error {
	got, err := t.module("ecr-already.yaml", endpoint).Render().File().Contents(ctx)
	if err != nil {
		return err
	}
	if !strings.Contains(got, "provider: aws") {
		return fmt.Errorf("rendering: no provider aws in %q", got)
	}
	return nil
}

// The changes hold the user's file and nothing else
//
// +check
func (t *Tests) Changes(ctx context.Context) error {
	paths, err := t.module("many-overrides.yaml", endpoint).Render().Changes().ModifiedPaths(ctx)
	if err != nil {
		return err
	}
	if len(paths) != 1 || paths[0] != "deploy/values.yaml" {
		return fmt.Errorf("changes of deploy/values.yaml are in %q", paths)
	}
	return nil
}

// Changes of a file whose place isn't known are refused: they could overwrite another
//
// +check
func (t *Tests) ChangesWithoutPath(ctx context.Context) error {
	_, err := t.of(dagger.PaletteEcrOpts{Values: t.Values.File("many-overrides.yaml"), Endpoint: endpoint, RoleArn: roleArn}).
		Render().Changes().ModifiedPaths(ctx)
	return ended(err, 64)
}

// What can be corrected is, in its place
//
// +check
func (t *Tests) Fix(ctx context.Context) error {
	paths, err := t.module("guide-zot.yaml", endpoint).Lint(dagger.PaletteEcrLintOpts{ReportAnyway: true}).Fix().ModifiedPaths(ctx)
	if err != nil {
		return err
	}
	if len(paths) != 1 || paths[0] != "deploy/values.yaml" {
		return fmt.Errorf("corrections of deploy/values.yaml are in %q", paths)
	}
	return nil
}

// An error that lint finds comes with its exit code and its report
//
// +check
func (t *Tests) LintError(ctx context.Context) error {
	report := t.module("guide-zot.yaml", endpoint).Lint(dagger.PaletteEcrLintOpts{ReportAnyway: true}).Report()
	code, err := report.ExitCode(ctx)
	if err != nil {
		return err
	}
	sarif, err := report.Sarif().Contents(ctx)
	if err != nil {
		return err
	}
	if code != 3 || !strings.Contains(sarif, "L06") {
		return fmt.Errorf("linting: exit code %d and %s", code, sarif)
	}
	return ended(report.Assert(ctx), 3)
}

// An address that is none is wrong use
//
// +check
func (t *Tests) WrongRegistry(ctx context.Context) error {
	_, err := t.module("many-overrides.yaml", "http://example.com").Render().Diff(ctx)
	return ended(err, 64)
}

// ended reports, as an error, that err does not carry the exit code.
func ended(err error, code int) error {
	var failed *dagger.ExecError
	if !errors.As(err, &failed) || failed.ExitCode != code {
		return fmt.Errorf("wanted exit code %d, but it ended with: %w", code, err)
	}
	return nil
}
