package document_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
)

// TestDocumentsInJSON: a Document inside another value is a policy, in both directions.
func TestDocumentsInJSON(t *testing.T) {
	in := struct{ Policy document.Document }{iamtest.Statement(t, `'Action': 'a:b', 'Resource': 'x<&>'`)}
	data, err := json.Marshal(in)
	require.NoError(t, err)
	var out struct{ Policy document.Document }
	require.NoError(t, json.Unmarshal(data, &out))
	assert.Equal(t, string(in.Policy.JSON()), string(out.Policy.JSON()))
	assert.Contains(t, string(in.Policy.JSON()), "x<&>", "as a person writes it, not escaped for HTML")
}
