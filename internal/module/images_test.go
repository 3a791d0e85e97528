package module

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/fixtures/images"
)

// The module is compiled by the engine, far from the list of images: what it says of them has to agree.
func TestImagesAreThoseOfTheList(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../.dagger/pins.go", nil, 0)
	require.NoError(t, err)
	list, err := images.Open("../..")
	require.NoError(t, err)
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		constant, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasSuffix(constant.Names[0].Name, "Image") {
			return true
		}
		if constant.Names[0].Name == "toolImage" {
			assert.Regexp(t, `^"(\S+:v\d\S*@sha256:[0-9a-f]{64})?"$`, constant.Values[0].(*ast.BasicLit).Value, "published, or not yet")
			return true
		}
		found++
		value, err := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		image, err := list.Image(strings.TrimSuffix(constant.Names[0].Name, "Image"))
		require.NoError(t, err)
		assert.Equal(t, image.Pull, value)
		assert.Regexp(t, `:[^@]+@sha256:[0-9a-f]{64}$`, value, "a version and a digest")
		return true
	})
	assert.Equal(t, 3, found)
}
