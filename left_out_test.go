//go:build !docker

package main_test

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLeftOut says which tests a run without build tags leaves out, and how they are run. go test shows it with -v.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	tests := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		names := testsOf(parsed)
		if tag := tagOf(t, parsed); tag != "" && len(names) > 0 {
			t.Logf("left out, for it needs -tags %s: %s in %s", tag, strings.Join(names, ", "), path)
			tests += len(names)
		}
		return nil
	}))
	require.NotZero(t, tests, "there are such tests: if none is seen, nothing is")
	t.Skipf("%d tests are left out: they need Docker; scripts/test runs those with the tag docker", tests)
}

// tagOf returns the build tags that a file asks for, "" when it is built without any.
func tagOf(t *testing.T, parsed *ast.File) string {
	t.Helper()
	for _, group := range parsed.Comments {
		for _, c := range group.List {
			if !constraint.IsGoBuild(c.Text) || c.Pos() > parsed.Package {
				continue
			}
			expr, err := constraint.Parse(c.Text)
			require.NoError(t, err)
			if !expr.Eval(func(tag string) bool { return tag == "linux" || tag == "unix" }) {
				return expr.String()
			}
		}
	}
	return ""
}

func testsOf(parsed *ast.File) []string {
	var names []string
	for _, d := range parsed.Decls {
		if f, is := d.(*ast.FuncDecl); is && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") && f.Name.Name != "TestMain" {
			names = append(names, f.Name.Name)
		}
	}
	return names
}
