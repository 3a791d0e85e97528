// Code generated from the list in pipeline/cutover.go by go test ./internal/module -update. DO NOT EDIT.

package main

// A stage of the cutover, in their order
type Stage string

const (
	// Writes the registry settings into the values
	StageRender Stage = "render"
	// Checks the values, and the manifests that Helm makes of them
	StageLint Stage = "lint"
	// Looks at all that later stages need, before anything is touched
	StagePreflight Stage = "preflight"
	// Shows what the stages after it would do, and changes nothing
	StagePlan Stage = "plan"
	// Copies every artifact to ECR, digests kept, and proves the closure
	StageCopy Stage = "copy"
	// Upgrades mural-crds, then mural, and restarts what changed its identity
	StageDeploy Stage = "deploy"
	// Proves that clusters pull from ECR and that hue pushes to it
	StageValidate Stage = "validate"
	// Proves everything again, minute by minute, for as long as is asked for
	StageSoak Stage = "soak"
	// Turns Zot off, and looks at everything again; its volume stays
	StageDisableZot Stage = "disable-zot"
)
