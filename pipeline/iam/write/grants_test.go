package write_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/write"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "%s; go test -update writes it", path)
}

func TestGolden(t *testing.T) {
	for name, order := range iamtest.Orders(t) {
		t.Run(name, func(t *testing.T) {
			g := grants(t, order)
			golden(t, name+".json", g.JSON())
			golden(t, name+".tf", g.Terraform())
			golden(t, name+".sh", g.Commands())
		})
	}
}

// documentsOf returns every document of the grants by its compact JSON.
func documentsOf(g write.Grants) []string {
	var all []string
	for _, one := range g {
		for _, d := range one.Documents() {
			all = append(all, string(d.Compact()))
		}
	}
	return all
}

// TestTerraformIsTheSame: HashiCorp's own parser and jsonencode make of the output the same documents.
func TestTerraformIsTheSame(t *testing.T) {
	for name, order := range iamtest.Orders(t) {
		t.Run(name, func(t *testing.T) {
			g := grants(t, order)
			file, diagnostics := hclsyntax.ParseConfig(g.Terraform(), name+".tf", hcl.InitialPos)
			require.False(t, diagnostics.HasErrors(), diagnostics.Error())
			context := &hcl.EvalContext{Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc}}
			var found []string
			names := map[string]bool{}
			for _, block := range file.Body.(*hclsyntax.Body).Blocks {
				assert.Equal(t, "resource", block.Type)
				address := strings.Join(block.Labels, ".")
				assert.False(t, names[address], "%s twice", address)
				names[address] = true
				for _, attribute := range []string{"policy", "assume_role_policy"} {
					if a, ok := block.Body.Attributes[attribute]; ok {
						value, diagnostics := a.Expr.Value(context)
						require.False(t, diagnostics.HasErrors(), diagnostics.Error())
						d, err := document.Parse("", []byte(value.AsString()))
						require.NoError(t, err)
						found = append(found, string(d.Compact()))
					}
				}
			}
			assert.ElementsMatch(t, sorted(t, documentsOf(g)), sorted(t, found))
		})
	}
}

// sorted writes JSON with sorted keys, as jsonencode does.
func sorted(t *testing.T, documents []string) []string {
	t.Helper()
	var out []string
	for _, d := range documents {
		var value any
		require.NoError(t, json.Unmarshal([]byte(d), &value))
		data, err := json.Marshal(value)
		require.NoError(t, err)
		out = append(out, string(data))
	}
	return out
}

// TestTerraformLeavesVariablesToIAM: ${aws:username} is IAM's, not Terraform's.
func TestTerraformLeavesVariablesToIAM(t *testing.T) {
	g := grants(t, iamtest.Orders(t)["private-irsa-role-exists"])
	g[0].Policy = iamtest.Statement(t, `'Action': 'a:b', 'Resource': 'arn:aws:s3:::b/${aws:username}/%{x}'`)
	file, diagnostics := hclsyntax.ParseConfig(g.Terraform(), "x.tf", hcl.InitialPos)
	require.False(t, diagnostics.HasErrors(), diagnostics.Error())
	value, diagnostics := file.Body.(*hclsyntax.Body).Blocks[0].Body.Attributes["policy"].Expr.Value(
		&hcl.EvalContext{Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc}})
	require.False(t, diagnostics.HasErrors(), diagnostics.Error())
	assert.Equal(t, cty.String, value.Type())
	assert.Contains(t, value.AsString(), "arn:aws:s3:::b/${aws:username}/%{x}")
}

// TestCommandsInAShell runs the script in a shell whose aws prints its arguments.
func TestCommandsInAShell(t *testing.T) {
	for name, order := range iamtest.Orders(t) {
		t.Run(name, func(t *testing.T) {
			g := grants(t, order)
			for _, words := range shell(t, g.Commands()) {
				for i, word := range words {
					if strings.HasSuffix(word, "policy-document") || word == "--policy-text" {
						d, err := document.Parse("", []byte(words[i+1]))
						require.NoError(t, err)
						assert.Contains(t, documentsOf(g), string(d.Compact()))
					}
				}
			}
		})
	}
	t.Run("quotes", func(t *testing.T) {
		g := grants(t, iamtest.Orders(t)["private-irsa-role-exists"])
		g[0].Policy = iamtest.Statement(t, `'Sid': 'it\u0027s $HOME \u0060id\u0060', 'Action': 'a:b', 'Resource': '*'`)
		words := shell(t, g.Commands())[0]
		assert.Equal(t, string(g[0].Policy.Compact()), words[len(words)-1])
	})
}

func shell(t *testing.T, script []byte) [][]string {
	t.Helper()
	command := exec.Command("sh", "-eu", "-c", "aws() { printf '%s\\0' \"$@\"; printf '\\n\\0'; }\n"+string(script))
	out, err := command.Output()
	require.NoError(t, err)
	var commands [][]string
	for _, one := range strings.Split(strings.TrimSuffix(string(out), "\n\x00"), "\n\x00") {
		commands = append(commands, strings.Split(strings.TrimSuffix(one, "\x00"), "\x00"))
	}
	return commands
}

func TestFiles(t *testing.T) {
	files := grants(t, iamtest.Orders(t)["private-irsa"]).Files()
	var names []string
	for name, data := range files {
		names = append(names, name)
		_, err := document.Parse(name, data)
		require.NoError(t, err)
	}
	assert.ElementsMatch(t, []string{"combined-policy.json", "combined-trust.json", "hue-policy.json", "hue-trust.json",
		"source-controller-policy.json", "source-controller-trust.json", "operator-policy.json"}, names)
}

func TestGrantsRefuse(t *testing.T) {
	order := iamtest.Orders(t)["private-irsa"]
	order.Role = iam.Role{Partition: "aws-cn", Account: "123456789012", Path: "/", Name: "palette-ecr"}
	_, err := write.For(order)
	require.ErrorContains(t, err, `role "arn:aws-cn:iam::123456789012:role/palette-ecr" is in partition "aws-cn"`)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	_, err = iam.ParsePrincipal("zot")
	require.ErrorContains(t, err, `reading principal "zot"`)
}

func grants(t *testing.T, o iam.Order) write.Grants {
	t.Helper()
	if strings.HasPrefix(o.Wanted.Repository.Registry.Host, "public") {
		o.Wanted.Account = "123456789012"
	}
	g, err := write.For(o)
	require.NoError(t, err)
	return g
}
