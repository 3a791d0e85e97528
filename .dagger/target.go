package main

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// The clusters and the AWS account that linted values go to
type Target struct {
	// +private
	Module *PaletteEcr
	// +private
	Linted *Report
	// +private
	Flags []string
	// +private
	Paths []string
	// +private
	Mounts []*dagger.Secret
	// +private
	Names []string
	// +private
	Variables []*dagger.Secret
	// +private
	Plain []string
	// +private
	Services []*dagger.Service
	// +private
	ServiceNames []string
}

// Says which clusters the values go to; the hub first, spokes with with-spoke
//
// +cache="session"
func (l *Linted) Target(
	// Kubeconfig of the hub, for example file://kubeconfig.
	kubeconfig *dagger.Secret,
	// Its context; the current one when empty.
	//
	// +optional
	context string,
	// Who applies the release: helm or flux; helm when empty.
	//
	// +optional
	managedBy string,
	// Longest time for each wait in a cluster, for example 5m.
	//
	// +optional
	timeout string,
	// How long to wait for a push by hue, for example 2m.
	//
	// +optional
	pushWait string,
) *Target {
	return l.Module.target(l.Report, kubeconfig, context, managedBy, timeout, pushWait)
}

func (m *PaletteEcr) target(linted *Report, kubeconfig *dagger.Secret, context, managedBy, timeout, pushWait string) *Target {
	t := &Target{Module: m, Linted: linted}
	t.mount("/run/secrets/kubeconfig", kubeconfig)
	t.Flags = append(t.Flags, "--kubeconfig=/run/secrets/kubeconfig")
	for _, flag := range []struct{ name, value string }{
		{"--context", context}, {"--managed-by", managedBy}, {"--timeout", timeout}, {"--push-wait", pushWait},
	} {
		if flag.value != "" {
			t.Flags = append(t.Flags, flag.name+"="+flag.value)
		}
	}
	return t
}

// Adds a spoke that is not the hub
//
// +cache="session"
func (t *Target) WithSpoke(
	// Name of the spoke, as fleetConfig has it.
	name string,
	// Its kubeconfig, for example file://spoke.kubeconfig.
	kubeconfig *dagger.Secret,
	// Its context; the current one when empty.
	//
	// +optional
	context string,
) *Target {
	path := fmt.Sprintf("/run/secrets/spokes/%d/kubeconfig", len(t.Paths))
	t.mount(path, kubeconfig)
	flag := "--spoke=name=" + name + ",kubeconfig=" + path
	if context != "" {
		flag += ",context=" + context
	}
	t.Flags = append(t.Flags, flag)
	return t
}

// Binds a service that the kubeconfig or a proxy names, for example a cluster that only your machine reaches
//
// +cache="session"
func (t *Target) WithService(
	// Name under which the stages reach it.
	name string,
	// The service, for example tcp://127.0.0.1:6443.
	service *dagger.Service,
) *Target {
	t.Services, t.ServiceNames = append(t.Services, service), append(t.ServiceNames, name)
	return t
}

// Does every stage in one go, render to disable-zot; goes back to Zot by itself when a proof fails
//
// +cache="never"
func (t *Target) Run(
	ctx context.Context,
	// First stage to do, for example validate, which refuses a release that is not on ECR.
	//
	// +optional
	from string,
	// Last stage to do, for example validate, which leaves Zot on.
	//
	// +optional
	until string,
	// Give the report also when the cutover fails.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	some := *t
	some.Flags = append([]string{"--from=" + from, "--until=" + until}, t.Flags...)
	return some.next(ctx, t.Linted, "run", anyway(reportAnyway))
}

func (t *Target) mount(path string, secret *dagger.Secret) {
	t.Paths, t.Mounts = append(t.Paths, path), append(t.Mounts, secret)
}

func (t *Target) variable(name string, secret *dagger.Secret) {
	t.Names, t.Variables = append(t.Names, name), append(t.Variables, secret)
}

// next runs a stage after one that did well. Of one that did not, the report is handed on where it is wanted anyway:
// a job then keeps it, whichever stage it is of.
func (t *Target) next(ctx context.Context, before *Report, name string, tolerant anyway) (*Report, error) {
	err := before.Assert()
	switch {
	case err == nil:
		return t.stage(ctx, name, tolerant)
	case bool(tolerant):
		return before, nil
	}
	return nil, err
}

// stage runs one live stage.
func (t *Target) stage(ctx context.Context, name string, tolerant anyway) (*Report, error) {
	call, err := t.Module.call(t.container(), name)
	if err != nil {
		return nil, err
	}
	return t.live(ctx, call, tolerant)
}

func (t *Target) live(ctx context.Context, call command, tolerant anyway) (*Report, error) {
	call.args = append(append(call.args, t.Module.CrdFlags...), t.Flags...)
	return call.live().report(ctx, tolerant)
}

// container has everything in it that opens a door.
func (t *Target) container() *dagger.Container {
	c := t.Module.Container()
	for i, path := range t.Paths {
		c = c.WithMountedSecret(path, t.Mounts[i])
	}
	for i, name := range t.Names {
		c = c.WithSecretVariable(name, t.Variables[i])
	}
	for i := 0; i+1 < len(t.Plain); i += 2 {
		c = c.WithEnvVariable(t.Plain[i], t.Plain[i+1])
	}
	for i, name := range t.ServiceNames {
		c = c.WithServiceBinding(name, t.Services[i])
	}
	return c
}
