package main

import (
	"context"
	"regexp"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// A kind cluster with PaletteAI on it as the rehearsal leaves it: on ECR, with Zot turned off
type Cluster struct {
	// Its Kubernetes API on port 6443, for up; and nothing else of it.
	Api *dagger.Service
	// What the rehearsal reported.
	Report *Report

	// +private
	Stage *dagger.Container
}

// controlPlane is the node that the API server runs on.
const controlPlane = "palette-ecr-rehearsal-control-plane"

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
	stage, err := m.stage(ctx, engine, nil, "", imageArchive)
	if err != nil {
		return nil, err
	}
	report, err := command{program: "rehearse", container: stage, args: []string{"--keep"}}.report(ctx, false)
	if err != nil {
		return nil, err
	}
	return &Cluster{Api: engine, Report: report, Stage: stage}, nil
}

// The kubeconfig of the cluster, for `api up` in the same call's session: kubectl --kubeconfig FILE get pods
//
// +cache="session"
func (c *Cluster) Kubeconfig(
	ctx context.Context,
	// Where the API will be; the port that up opens on this machine when empty.
	//
	// +optional
	// +default="https://127.0.0.1:6443"
	server string,
) (*dagger.File, error) {
	config, err := c.Stage.WithExec([]string{"docker", "exec", controlPlane, "cat", "/etc/kubernetes/admin.conf"}).Stdout(ctx)
	if err != nil {
		return nil, err
	}
	return dag.Directory().WithNewFile("kubeconfig", lead(config, server)).File("kubeconfig"), nil
}

var serverLine = regexp.MustCompile(`(?m)^( *)server: .*$`)

// lead makes a kubeconfig lead to a server. The certificate of the API server has the name localhost.
func lead(config, server string) string {
	return serverLine.ReplaceAllString(config, "${1}server: "+server+"\n${1}tls-server-name: localhost")
}

// A shell in a container with docker and the cluster's kubectl, for example: kubectl get ocirepositories --all-namespaces
//
// +cache="session"
func (c *Cluster) Terminal() *dagger.Container {
	const kubectl = "#!/bin/sh\nexec docker exec -i " + controlPlane + " kubectl --kubeconfig /etc/kubernetes/admin.conf \"$@\"\n"
	return c.Stage.
		WithNewFile("/usr/local/bin/kubectl", kubectl, dagger.ContainerWithNewFileOpts{Permissions: 0o755}).
		Terminal()
}
