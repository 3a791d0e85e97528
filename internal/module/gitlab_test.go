package module

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// input is how a component's jobs name its inputs.
var input = regexp.MustCompile(`\$\[\[ inputs\.([\w-]+) \]\]`)

// gitlabSchema is the JSON Schema that GitLab publishes for .gitlab-ci.yml, as the npm package gitlab-ci-local 4.75.1
// (MIT) carries it.
func gitlabSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile("testdata/gitlab-ci.schema.json")
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("gitlab-ci.json", document))
	schema, err := c.Compile("gitlab-ci.json")
	require.NoError(t, err)
	return schema
}

func TestComponentFitsGitLabsSchema(t *testing.T) {
	schema := gitlabSchema(t)
	header, jobs := component(t)
	assert.NoError(t, schema.Validate(plain(t, header)))

	inputs := header["spec"].(map[string]any)["inputs"].(map[string]any)
	used := map[string]bool{}
	filled := input.ReplaceAllStringFunc(jobs, func(text string) string {
		name := input.FindStringSubmatch(text)[1]
		used[name] = true
		declared, ok := inputs[name].(map[string]any)
		require.True(t, ok, "input %q is not declared", name)
		assert.NotEmpty(t, declared["description"], name)
		return example(declared)
	})
	for name := range inputs {
		assert.True(t, used[name], "input %q is declared and not used", name)
	}
	var pipeline map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(filled), &pipeline))
	assert.NoError(t, schema.Validate(plain(t, pipeline)))
}

func TestExamplePipelineFitsGitLabsSchema(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "examples/gitlab/.gitlab-ci.yml"))
	require.NoError(t, err)
	var pipeline map[string]any
	require.NoError(t, yaml.Unmarshal(data, &pipeline))
	assert.NoError(t, gitlabSchema(t).Validate(plain(t, pipeline)))

	header, _ := component(t)
	declared := header["spec"].(map[string]any)["inputs"].(map[string]any)
	given := pipeline["include"].([]any)[0].(map[string]any)["inputs"].(map[string]any)
	for name := range given {
		assert.Contains(t, declared, name)
	}
	for name, of := range declared {
		if _, optional := of.(map[string]any)["default"]; !optional {
			assert.Contains(t, given, name)
		}
	}
}

func TestGitLabsSchemaSeesAMistake(t *testing.T) {
	var wrong map[string]any
	require.NoError(t, yaml.Unmarshal([]byte("job: {script: [true], artifacts: {when: sometimes}}"), &wrong))
	assert.Error(t, gitlabSchema(t).Validate(plain(t, wrong)))
}

// component is the component's header, and its jobs as text.
func component(t *testing.T) (header map[string]any, jobs string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "templates/cutover.yml"))
	require.NoError(t, err)
	first, second, found := strings.Cut(string(data), "\n---\n")
	require.True(t, found)
	require.NoError(t, yaml.Unmarshal([]byte(first), &header))
	return header, second
}

// example is a value that an input can have.
func example(declared map[string]any) string {
	if value, ok := declared["default"]; ok {
		text, _ := json.Marshal(value)
		return strings.Trim(string(text), `"`)
	}
	return fmt.Sprint(declared["type"])
}

// plain is a YAML value as JSON has it.
func plain(t *testing.T, value any) any {
	t.Helper()
	data, err := json.Marshal(value)
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	return document
}
