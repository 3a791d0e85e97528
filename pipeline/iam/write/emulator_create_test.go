package write_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/write"
)

// TestTheOperatorMakesARepository with tags and a lifecycle policy by the policy that is written for it, and not with an
// action less.
func TestTheOperatorMakesARepository(t *testing.T) {
	t.Parallel()
	settings := ecr.Settings{Mutability: "MUTABLE", Tags: map[string]string{"team": "platform"}, Lifecycle: `{"rules":[{"rulePriority":1,"description":"untagged images for a month","selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":30},"action":{"type":"expire"}}]}`}
	w := iamtest.Wanted(t, iamtest.PrivateEndpoint)
	w.Create = true
	policy, err := write.Policy(w, iam.Operator)
	require.NoError(t, err)
	create := func(d document.Document) error {
		u := emulator.User{Account: "123456789012", Name: "operator", AccessKeyID: "AKIAOPERATOR", SecretAccessKey: "of the operator", Policies: []json.RawMessage{d.Compact()}}
		e, err := emulator.Start(t.Context(), emulator.Options{World: emulator.World{Users: []emulator.User{u}}})
		require.NoError(t, err)
		defer func() { require.NoError(t, e.Close()) }()
		return connect(t, e, w.Repository, u.AccessKeyID, u.SecretAccessKey).Create(t.Context(), settings)
	}
	require.NoError(t, create(policy))
	for _, action := range []string{"ecr:CreateRepository", "ecr:TagResource", "ecr:PutLifecyclePolicy"} {
		less := document.Document{Version: policy.Version, Statements: slices.Clone(policy.Statements)}
		for i, s := range less.Statements {
			less.Statements[i].Actions = slices.DeleteFunc(slices.Clone(s.Actions), func(a string) bool { return a == action })
		}
		assert.ErrorContains(t, create(less), action, action)
	}
}
