package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// marked are the ways in which a marker gets into a file: where each credential is, and as the user information of
// each address.
var marked = map[string]func(text, marker string) string{
	"credential": func(text, marker string) string {
		return regexp.MustCompile(`(?m)((?:password|username)"?:[ \t]*["']?)[A-Za-z0-9][^\s"',}]*`).ReplaceAllString(text, "${1}"+marker)
	},
	"user info": func(text, marker string) string {
		return strings.ReplaceAll(text, "oci://", "oci://admin:"+marker+"@")
	},
	"new login": func(text, marker string) string {
		return regexp.MustCompile(`(?m)^( *)ociRegistry:[ \t]*$`).ReplaceAllString(text, "${0}\n${1}    basicAuth: {username: "+marker+", password: "+marker+"}")
	},
}

// TestNoOutputShowsASecretOfTheCorpus does the same with every file of the corpus. What render prints without --diff is
// the user's file, so only its messages are looked at.
func TestNoOutputShowsASecretOfTheCorpus(t *testing.T) {
	t.Parallel()
	const marker = "MARKERs3cr3tZZQ"
	files, err := filepath.Glob("../../fixtures/values/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	commands := [][]string{{"render"}, {"render", "-q"}, {"render", "--diff"}, {"render", "-q", "--diff"}, {"render", "--check"}, {"lint", "-q"}, {"lint", "--fix"}, {"lint", "-q", "--fix"}}
	for _, format := range report.Names() {
		commands = append(commands, []string{"lint", "-o", format}, []string{"lint", "-o", format + "=OUT"})
	}
	total, reports := 0, 0
	for _, file := range files {
		original, err := os.ReadFile(file)
		require.NoError(t, err)
		for way, mark := range marked {
			text := mark(string(original), marker)
			if !strings.Contains(text, marker) {
				continue
			}
			for _, command := range commands {
				dir := t.TempDir()
				path, output := filepath.Join(dir, "values.yaml"), filepath.Join(dir, "report")
				require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
				args := append([]string{}, command...)
				for i := range args {
					args[i] = strings.Replace(args[i], "OUT", output, 1)
				}
				args = append(args, "-f", path, "--endpoint", "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "--role-arn", "arn:aws:iam::123456789012:role/palette-ecr")
				var out, errs bytes.Buffer
				Main(context.Background(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(string) string { return "" }})
				shown := errs.String()
				if command[0] != "render" || strings.Contains(strings.Join(command, " "), "--") {
					shown += out.String()
				}
				written, _ := os.ReadFile(output) // not there for most
				assert.NotContains(t, shown+string(written), marker, "%s, %s: %q", filepath.Base(file), way, command)
				total++
				if len(written) > 0 {
					reports++
				}
			}
		}
	}
	t.Logf("%d runs, %d report files", total, reports)
	assert.Greater(t, total, 500)
	assert.Greater(t, reports, 100)
}
