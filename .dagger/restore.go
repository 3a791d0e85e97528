package main

import (
	"context"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// Deploys values as they are, for the way back: those of before, on Zot. What hue pushed to ECR meanwhile stays there
//
// +cache="never"
func (t *Target) Restore(
	ctx context.Context,
	// The values of before, with Zot's password, for example file://values.before.yaml.
	values *dagger.Secret,
	// Give the report also when the stage fails.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	back := *t
	module := *t.Module
	module.SecretValues = values
	back.Module = &module
	back.Flags = append([]string{"--as-is"}, t.Flags...)
	return back.stage(ctx, "deploy", anyway(reportAnyway))
}
