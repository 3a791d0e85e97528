package main

import (
	"context"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// A kind cluster with PaletteAI on it as the rehearsal leaves it: on ECR, with Zot turned off
type Cluster struct {
	// Its Kubernetes API on port 6443, for up.
	Api *dagger.Service
	// What the rehearsal reported.
	Report *Report

	// +private
	Stage *dagger.Container
}

// Rehearses the cutover and leaves the cluster standing, to look around in while the session lasts
//
// +cache="session"
func (m *PaletteEcr) Cluster(
	ctx context.Context,
	// Images that no registry has to be asked for: what docker save writes.
	//
	// +optional
	imageArchive *dagger.File,
) (*Cluster, error) {
	engine, err := m.docker().Start(ctx)
	if err != nil {
		return nil, err
	}
	stage := m.stage(engine, nil, "", imageArchive)
	report, err := command{container: stage, program: rehearse, args: []string{"--keep"}}.report(ctx, false)
	if err != nil {
		return nil, err
	}
	return &Cluster{Api: engine, Report: report, Stage: stage}, nil
}
