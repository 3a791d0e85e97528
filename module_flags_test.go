package main_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/internal/cli"
)

var (
	valued   = regexp.MustCompile(`each\("([a-z-]+)"|\{"([a-z-]+)", (?:\w+\()?\w+\)?\}`)
	switched = regexp.MustCompile(`switches\{(.*)\}`)
)

// The command line knows every flag that a file of the module gives to its commands.
func TestFlagsAreOfTheCommandLine(t *testing.T) {
	stages := []string{"preflight", "plan", "copy", "deploy", "validate", "disable-zot", "run", "rollback"}
	about := []string{"status", "drift", "finish"}
	for file, commands := range map[string][]string{
		"main.go":     append([]string{"render", "lint", "policies"}, append(about, stages...)...),
		"choices.go":  stages,
		"input.go":    append([]string{"render", "lint"}, stages...),
		"target.go":   {"run"},
		"status.go":   {"drift"},
		"rollback.go": {"rollback"},
		"lint.go":     {"lint"},
		"render.go":   {"render"},
		"policies.go": {"policies"},
	} {
		data, err := os.ReadFile(filepath.Join(".dagger", file))
		require.NoError(t, err)
		on := strings.Join(switched.FindAllString(string(data), -1), "\n")
		found := valued.FindAllStringSubmatch(string(data), -1)
		require.NotEmpty(t, found, file)
		for _, m := range found {
			name := m[1] + m[2]
			flag := "--" + name
			if m[1] != "" || !strings.Contains(on, `{"`+name+`"`) {
				flag += "=" + value(name)
			}
			for _, command := range commands {
				var said bytes.Buffer
				code := cli.Parse(t.Context(), []string{command, flag}, cli.Streams{In: &bytes.Buffer{}, Out: io.Discard, Err: &said})
				assert.NotContains(t, said.String(), "unknown flag", "%s: %s %s", file, command, flag)
				assert.NotEqual(t, 1, code, "%s: %s %s: %s", file, command, flag, &said)
			}
		}
	}
}

// value is one that a flag takes.
func value(name string) string {
	switch name {
	case "quota":
		return "PutImage=50"
	case "timeout", "push-wait", "interval", "registry-timeout", "soak":
		return "2m"
	case "shards", "soak-failures":
		return "2"
	}
	return "x"
}

// apart are flags that the module does not give to a command, and why.
var apart = map[string]string{
	"all":             "reports are files, which have all findings",
	"check":           "an empty diff says it",
	"config":          "the constructor mounts the file",
	"dir":             "policies is one file",
	"document":        "policies is one file",
	"help":            "Dagger has its own",
	"in-place":        "changes is exported",
	"no-color":        "NO_COLOR is set",
	"no-semver":       "the policies are then a little wider",
	"profile":         "with-aws-profile sets a variable",
	"revert":          "git revert does it, where values are in Git",
	"run-id":          "pods of a Job have it",
	"shard":           "jobs of a CI have it",
	"values-from-hub": "with-values-from gives it, and a run reads it from the hub anyway",
	"yes":             "without a terminal nobody is asked",
}

// facts are flags of lint that judge IAM policies: policies check of the command line does that, which nobody waits for in a pipeline.
var facts = strings.Fields("boundary date fact flux-namespace issuer org-id policy principal resource-tag source-controller source-ip trust vpce account cluster eks-cluster kubeconfig context explain fix")

var flagOfHelp = regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+)`)

// The module gives every flag of the commands that it calls, or it is said here why it does not.
func TestFlagsOfTheCommandLineAreTheModules(t *testing.T) {
	files, err := filepath.Glob(".dagger/*.go")
	require.NoError(t, err)
	var module strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if !strings.HasSuffix(file, "_test.go") {
			module.Write(data)
		}
	}
	for _, command := range []string{
		"render", "lint", "policies", "preflight", "plan", "copy", "deploy", "validate", "disable-zot", "run", "rollback", "status", "drift", "finish",
	} {
		var help bytes.Buffer
		require.Zero(t, cli.Main(t.Context(), []string{command, "--help"}, cli.Streams{In: &bytes.Buffer{}, Out: &help, Err: io.Discard}))
		found := flagOfHelp.FindAllStringSubmatch(help.String(), -1)
		require.NotEmpty(t, found, command)
		for _, m := range found {
			if apart[m[1]] != "" || command == "lint" && slices.Contains(facts, m[1]) {
				continue
			}
			given := regexp.MustCompile(`"(?:--|\{")?` + m[1] + `["=]`)
			assert.True(t, given.MatchString(module.String()), "%s --%s: no file of .dagger gives it", command, m[1])
		}
	}
}
