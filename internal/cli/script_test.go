package cli_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/palette-ecr/palette-ecr/fixtures/charts"
	"github.com/palette-ecr/palette-ecr/internal/cli"
)

var update = flag.Bool("update", false, "write again what scripts compare with")

// TestMain makes the command line a program that scripts can run.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"palette-ecr": func() { os.Exit(cli.Main(context.Background(), os.Args[1:], cli.OS())) },
	})
}

// TestScripts runs the scripts of testdata/script. Beside the usual commands they have:
//
//	exits CODE COMMAND...   run a command, which must end with that exit code
//	large FILE MIB          make a file of YAML of that size
//	standin FILE            pack the stand-in for the chart mural
//	apiserver FILE [silent|OBJECTS]
//	                        start an API server without PaletteAI, perhaps with the ConfigMaps and Secrets of a file, or
//	                        one that never answers, and write a kubeconfig for it; what it is asked for is in FILE.requests
//	ociregistry VARIABLE CA start an OCI registry with nothing in it, put its address into a variable, and write
//	                        its certificate
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "large": large, "standin": standin, "apiserver": apiserver, "ociregistry": ociregistry,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("ECR", "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
			env.Setenv("ROLE", "arn:aws:iam::123456789012:role/palette-ecr")
			env.Setenv("PATH", without("sops", env.Getenv("PATH")))
			return nil
		},
	})
}

// without is PATH without what has a program that scripts expect to be missing: a developer may have it.
func without(program, path string) string {
	return strings.Join(slices.DeleteFunc(filepath.SplitList(path), func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, program))
		return err == nil
	}), string(filepath.ListSeparator))
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

func large(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	line := []byte("# nothing to see here\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat(line, size<<20/len(line)), 0o644))
}

func standin(ts *testscript.TestScript, _ bool, args []string) {
	data, err := charts.Package(charts.Mural)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}
