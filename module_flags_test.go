package main_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/internal/cli"
)

var (
	valued   = regexp.MustCompile(`each\("([a-z-]+)"|\{"([a-z-]+)", (?:string\()?\w+\)?\}`)
	switched = regexp.MustCompile(`switches\{(.*)\}`)
)

// The command line knows every flag that a file of the module gives to its commands.
func TestFlagsAreOfTheCommandLine(t *testing.T) {
	stages := []string{"preflight", "plan", "copy", "deploy", "validate", "disable-zot", "run", "rollback"}
	about := []string{"status", "drift", "finish"}
	for file, commands := range map[string][]string{
		"main.go":     append([]string{"render", "lint", "policies"}, append(about, stages...)...),
		"choices.go":  stages,
		"target.go":   {"run"},
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
	case "timeout", "push-wait", "interval", "registry-timeout":
		return "2m"
	}
	return "x"
}
