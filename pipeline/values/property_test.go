package values_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	helmyaml "sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// TestProperties renders hundreds of generated files, and holds of each, with nothing of the package's own
// but Render: decoding the result gives exactly the wanted values, and every line that isn't an edited key's
// is there as it was, in its order.
func TestProperties(t *testing.T) {
	t.Parallel()
	base := settings(t)
	for seed := range uint64(500) {
		g := &generator{rand.New(rand.NewPCG(seed, 1))}
		s := base
		switch g.IntN(4) {
		case 0:
			s.Identity = target.Identity{Mode: target.PodIdentity}
		case 1:
			s.DisableZot = true
		case 2:
			s.Interval = "1m"
		}
		source := g.file()
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { holds(t, source, s) }) {
			t.Logf("the source:\n%s", source)
			return
		}
	}
}

func holds(t *testing.T, source string, s values.Settings) {
	r, ok := checkRender(t, source, s)
	require.True(t, ok, "every generated file is a good one")
	var before, after map[string]any
	require.NoError(t, helmyaml.Unmarshal([]byte(source), &before))
	require.NoError(t, helmyaml.Unmarshal(r.Output, &after))

	if strings.Contains(source, "\r\n") {
		assert.Equal(t, strings.Count(string(r.Output), "\n"), strings.Count(string(r.Output), "\r\n"), "line breaks")
	} else {
		assert.NotContains(t, string(r.Output), "\r")
	}
	assert.Equal(t, strings.HasSuffix(source, "\n"), strings.HasSuffix(string(r.Output), "\n"), "the last line's break")
	made := map[string]bool{}
	for _, path := range []string{"hue", "fleetConfig", "fleetConfig.spokes"} {
		var at any = before
		for _, key := range strings.Split(path, ".") {
			m, _ := at.(map[string]any)
			at = m[key]
		}
		if m, isMap := at.(map[string]any); at == nil || isMap && len(m) == 0 {
			made["."+path] = true // all of it is new
		}
	}
	assert.Equal(t, untouched(t, source, made), untouched(t, string(r.Output), made))
	assert.Equal(t, wanted(before, s), after)
}

// wanted is what the issue asks for, on decoded values.
func wanted(v map[string]any, s values.Settings) map[string]any {
	if v == nil {
		v = map[string]any{}
	}
	at := func(m map[string]any, path ...string) map[string]any {
		for _, key := range path {
			inner, ok := m[key].(map[string]any)
			if !ok {
				inner = map[string]any{}
				m[key] = inner
			}
			m = inner
		}
		return m
	}
	registry := func(r map[string]any) {
		r["endpoint"], r["repository"], r["insecure"], r["provider"] = s.Destination.Endpoint(), s.Repository, false, "aws"
		if r["basicAuth"] != nil { // null is as good
			delete(r, "basicAuth")
		}
		if name, _ := r["certSecretName"].(string); name != "" { // that of the old registry
			delete(r, "certSecretName")
		}
	}
	hub := at(v, "hue", "ociRegistry")
	registry(hub)
	hub["enabled"], hub["basicAuth"] = true, nil // the chart's default would come back
	for key, value := range map[string]string{"interval": "5m", "timeout": "60s"} {
		if hub[key] == nil {
			hub[key] = value
		}
	}
	if s.Interval != "" {
		hub["interval"] = s.Interval
	}
	if fleet, ok := v["fleetConfig"]; !ok || fleet != nil {
		if _, ok := at(v, "fleetConfig")["spokes"]; !ok {
			list := s.ChartDefaults["fleetConfig"].(map[string]any)["spokes"]
			data, _ := helmyaml.Marshal(list)
			var copied any
			_ = helmyaml.Unmarshal(data, &copied)
			at(v, "fleetConfig")["spokes"] = copied
		}
		if spokes, ok := at(v, "fleetConfig")["spokes"].([]any); ok {
			for _, spoke := range spokes {
				registry(at(spoke.(map[string]any), "ociRegistry"))
			}
		}
	}
	const role = "eks.amazonaws.com/role-arn"
	for _, path := range [][]string{{"hue"}, {"flux2", "sourceController"}} {
		if s.Identity.Mode == target.IRSA {
			account := at(v, append(path, "serviceAccount")...)
			account["create"] = true
			if path[0] == "flux2" {
				account["automount"] = true
			}
			at(account, "annotations")[role] = s.Identity.RoleARN
			continue
		}
		prune(v, append(path, "serviceAccount", "annotations", role)...)
	}
	if s.DisableZot {
		at(v, "zot")["enabled"] = false
	}
	return v
}

// prune deletes a key, and the mappings that are empty without it.
func prune(m map[string]any, path ...string) {
	if len(path) == 1 {
		if m[path[0]] != nil {
			delete(m, path[0])
		}
		return
	}
	inner, ok := m[path[0]].(map[string]any)
	if !ok || len(inner) == 0 {
		return
	}
	if prune(inner, path[1:]...); len(inner) == 0 {
		delete(m, path[0])
	}
}

// untouched are the lines of a file that belong to no key which Render may edit, found with the YAML library
// alone. Blank lines and the comment above such a key are left out too: the one may be added, the other go.
func untouched(t *testing.T, source string, made map[string]bool) []string {
	t.Helper()
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(source), &document))
	lines := strings.Split(strings.ReplaceAll(source, "\r\n", "\n"), "\n")
	edited := make([]bool, len(lines)+2)
	if len(document.Content) > 0 {
		mark(document.Content[0], "", edited, made)
	}
	var kept []string
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if !edited[i+1] && trimmed != "" && !strings.HasPrefix(trimmed, "# own ") {
			kept = append(kept, line)
		}
	}
	return kept
}

// mark marks the lines of edited keys below n.
func mark(n *yaml.Node, path string, edited []bool, made map[string]bool) {
	lines := func(from, to int) {
		for line := from; line <= to; line++ {
			edited[line] = true
		}
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			at := path + "." + key.Value
			if isEdited(at) || made[at] || at == ".fleetConfig" && value.Style&yaml.FlowStyle != 0 {
				lines(key.Line, max(key.Line, lastLine(value)))
			} else {
				mark(value, at, edited, made)
			}
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if item.Style&yaml.FlowStyle != 0 && path == ".fleetConfig.spokes" {
				lines(item.Line, lastLine(item))
			}
			mark(item, path, edited, made)
		}
	}
}

// lastLine is the last line on which something of n begins: no value that is edited has more lines.
func lastLine(n *yaml.Node) int {
	last := n.Line
	for _, child := range n.Content {
		last = max(last, lastLine(child))
	}
	return last
}

func isEdited(path string) bool {
	switch path {
	case ".hue.ociRegistry", ".hue.serviceAccount", ".flux2", ".zot", ".fleetConfig.spokes.ociRegistry":
		return true
	}
	return false
}
