package chart_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
)

// TestObjectsKeepTheLastLine: Helm applies the manifest as a whole, where a block scalar at a document's end has its
// line break. What is taken apart must have it too, or every such object would seem to change.
func TestObjectsKeepTheLastLine(t *testing.T) {
	t.Parallel()
	objects, err := chart.Objects(&release.Release{Manifest: "---\n# Source: a.yaml\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  text: |\n    one\n    two\n---\n# Source: b.yaml\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  text: |-\n    three\n"})
	require.NoError(t, err)
	require.Len(t, objects, 2)
	text, _, _ := unstructured.NestedString(objects[0].Object.Object, "data", "text")
	assert.Equal(t, "one\ntwo\n", text)
	text, _, _ = unstructured.NestedString(objects[1].Object.Object, "data", "text")
	assert.Equal(t, "three", text)
}
