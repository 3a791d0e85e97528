package main_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

var (
	// ownWords are keys of the chart's values that mean nothing else.
	ownWords = append(append(mural.CredentialKeys(), mural.TransportKeys()...), mural.OCIRegistry, mural.FleetConfig, mural.Flux, mural.SourceController, mural.RoleAnnotation)
	// ownPath is a path in them, as one text: hue.ociRegistry, fleetConfig.spokes[0].
	ownPath = regexp.MustCompile(`^(` + strings.Join(mural.Sections(), "|") + `)\.[\w.\[\]%=]+$`)
)

// lookingUp are the functions, and the fields of literals, that take keys of values.
var lookingUp = []string{"sub", "Lookup", "Get", "Dotted", "given", "without", "account", "key"}

// TestTheChartsValuesAreSpelledOnce: where a setting stands in the chart's values only the package mural says. A key
// that two places spell is one that a new version of the chart has in one of them.
func TestTheChartsValuesAreSpelledOnce(t *testing.T) {
	t.Parallel()
	for place, value := range spelled(t, "pipeline", "internal", ".dagger") {
		assert.Fail(t, "the chart's values are spelled outside pipeline/mural", "%s: %q", place, value)
	}
	found := spelled(t, "pipeline/mural")
	for _, word := range ownWords {
		assert.Contains(t, slices.Collect(mapValues(found)), word, "this word is there: if it isn't seen, nothing is")
	}
}

func mapValues(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// spelled returns the literals below folders that spell the chart's values, by place.
func spelled(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	sources(t, func(file string, parsed *ast.File, at func(token.Pos) string) {
		if strings.HasPrefix(file, "pipeline/mural/") && !slices.Contains(folders, "pipeline/mural") {
			return
		}
		text := func(e ast.Expr) (string, bool) {
			lit, ok := e.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return "", false
			}
			value, err := strconv.Unquote(lit.Value)
			return value, err == nil
		}
		key := func(e ast.Expr) {
			if value, ok := text(e); ok && mural.Known(value) {
				found[at(e.Pos())] = value
			}
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.BasicLit:
				if value, ok := text(n); ok && (slices.Contains(ownWords, value) || ownPath.MatchString(value)) {
					found[at(n.Pos())] = value
				}
			case *ast.KeyValueExpr:
				if name, ok := n.Key.(*ast.Ident); ok && slices.Contains(lookingUp, name.Name) {
					key(n.Value)
				}
			case *ast.CallExpr:
				name := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					name = f.Name
				case *ast.SelectorExpr:
					name = f.Sel.Name
				}
				if slices.Contains(lookingUp, name) {
					for _, a := range n.Args {
						key(a)
					}
				}
			}
			return true
		})
	}, folders...)
	return found
}
