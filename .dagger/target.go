package main

import (
	"context"
	"slices"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// The clusters and the AWS account that linted values go to
type Target struct {
	// +private
	Module *PaletteEcr
	// +private
	Linted *Report
	// +private
	Hub *Reached
	// +private
	Spokes []*Reached
	// +private
	Choices []*Choice
	// +private
	Access []*Access
	// +private
	Services []*Binding
	// +private
	Mounts []*Mount
}

// manifestsPath is where the manifests for Flux are in a container.
const manifestsPath = "/run/flux/manifests.yaml"

// Says which clusters the values go to; the hub first, spokes with with-spoke
//
// +cache="session"
func (l *Linted) Target(
	// Kubeconfig of the hub, for example file://kubeconfig; or give eks-cluster.
	//
	// +optional
	kubeconfig *dagger.Secret,
	// Its context; the current one when empty.
	//
	// +optional
	context string,
	// Name of the hub in Amazon EKS, NAME or NAME,region=REGION: it is reached with the AWS credentials, without a kubeconfig.
	//
	// +optional
	eksCluster string,
	// Who applies the release; helm when empty.
	//
	// +optional
	managedBy ManagedBy,
	// Longest time for each wait in a cluster, for example 5m.
	//
	// +optional
	timeout string,
	// How long to wait for a push by hue, for example 2m.
	//
	// +optional
	pushWait string,
	// Before the switch, give source-controller on each spoke its AWS identity and restart it.
	//
	// +optional
	prepareSpokes bool,
	// Take kubeconfigs of spokes that with-spoke doesn't name from the Secrets that the values name.
	//
	// +optional
	spokesFromValues bool,
	// Install mural-crds and mural where there is no release yet, straight onto ECR.
	//
	// +optional
	install bool,
	// With install and Flux: manifests that the HelmRelease needs, such as its source; made where they are missing.
	//
	// +optional
	fluxManifests *dagger.File,
	// Take the values as they are: they are rendered already, in Git for example.
	//
	// +optional
	asIs bool,
) (*Target, error) {
	before := l.Report
	if !l.Rendered && !asIs && before.ExitCode == 0 {
		before = refusal("choosing the target: these values were linted as they are, and not rendered for ECR", "write render before lint: `render lint target`; or `target --as-is`, if they are rendered already")
	}
	t, err := l.Module.target(before, kubeconfig, context, eksCluster)
	if err != nil {
		return nil, err
	}
	t = t.always(slices.Concat(
		flags{{"managed-by", string(managedBy)}, {"timeout", timeout}}.args(), switches{{"spokes-from-values", spokesFromValues}}.args(),
	)...)
	if fluxManifests != nil {
		t = t.choose("--flux-manifests=" + manifestsPath)
		t.Mounts = append(t.Mounts, &Mount{Path: manifestsPath, File: fluxManifests})
	}
	return t.choose(slices.Concat(
		flags{{"push-wait", pushWait}}.args(),
		switches{{"prepare-spokes", prepareSpokes}, {"install", install}, {"as-is", asIs}}.args(),
		l.Rules, // a run has the same rules as lint, or the same file would have two verdicts
	)...), nil
}

// target reaches the hub by a kubeconfig or as an EKS cluster, or as the file of --config says.
func (m *PaletteEcr) target(linted *Report, kubeconfig *dagger.Secret, context, eksCluster string) (*Target, error) {
	switch {
	case eksCluster != "" && (kubeconfig != nil || context != ""):
		return nil, wrongUse("reading the arguments: the hub is given both by a kubeconfig and by the name of an EKS cluster", "leave one out")
	case eksCluster == "" && kubeconfig == nil && !m.Input.Config:
		return nil, wrongUse("reading the arguments: nothing says which cluster the hub is", "add --kubeconfig file://kubeconfig, --eks-cluster NAME, or a --config whose hub is an EKS cluster")
	}
	hub := &Reached{Kubeconfig: kubeconfig, Path: byKubeconfig(kubeconfig, "kubeconfig"), Context: context, Eks: eksCluster}
	return &Target{Module: m, Linted: linted, Hub: hub}, nil
}

// Adds a spoke that is not the hub
//
// +cache="session"
func (t *Target) WithSpoke(
	// Name of the spoke, as fleetConfig has it.
	name string,
	// Its kubeconfig, for example file://spoke.kubeconfig; or give eks-cluster.
	//
	// +optional
	kubeconfig *dagger.Secret,
	// Its context; the current one when empty.
	//
	// +optional
	context string,
	// Its name in Amazon EKS, NAME or NAME,region=REGION.
	//
	// +optional
	eksCluster string,
) (*Target, error) {
	if (kubeconfig != nil) == (eksCluster != "") {
		return nil, wrongUse("reading the arguments: spoke \""+name+"\" is to be given by a kubeconfig or by the name of an EKS cluster", "add --kubeconfig file://spoke.kubeconfig, or --eks-cluster NAME")
	}
	next := *t
	next.Spokes = append(slices.Clone(t.Spokes), &Reached{
		Name: name, Kubeconfig: kubeconfig, Path: byKubeconfig(kubeconfig, "spokes/%d/kubeconfig", len(t.Spokes)), Context: context, Eks: eksCluster,
	})
	return &next, nil
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
	next := *t
	next.Services = append(slices.Clone(t.Services), &Binding{Name: name, Service: service})
	return &next
}

// Does every stage in one go, render to disable-zot; goes back to Zot by itself when a proof fails
//
// +cache="never"
func (t *Target) Run(
	ctx context.Context,
	// First stage to do, for example validate, which refuses a release that is not on ECR.
	//
	// +optional
	from Stage,
	// Last stage to do, for example validate, which leaves Zot on.
	//
	// +optional
	until Stage,
	// A plan that was made before (plan file): another world than that plan's is refused with exit code three.
	//
	// +optional
	plan *dagger.File,
	// A group of spokes of the file of --config: only these are switched and proven, while hue writes to Zot as before.
	//
	// +optional
	wave string,
	// Give the report also when the cutover fails.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	some := t.always(flags{{"from", string(from)}, {"until", string(until)}, {"wave", wave}}.args()...)
	if plan != nil {
		some = some.always("--plan=" + planPath)
		some.Mounts = append(slices.Clone(t.Mounts), &Mount{Path: planPath, File: plan})
	}
	return some.next(ctx, t.Linted, "run", anyway(reportAnyway))
}

// next runs a stage after one that did well. Of one that did not, the report is handed on where it is wanted anyway:
// a job then keeps it, whichever stage it is of.
func (t *Target) next(ctx context.Context, before *Report, name string, tolerant anyway) (*Report, error) {
	err := before.Assert()
	switch {
	case err == nil:
		return t.stage(ctx, tolerant, name)
	case bool(tolerant):
		return before, nil
	}
	return nil, err
}

// stage runs one live stage, in one container.
func (t *Target) stage(ctx context.Context, tolerant anyway, args ...string) (*Report, error) {
	call, err := t.Module.call(ctx, args...)
	if err != nil {
		return nil, err
	}
	call.args = append(call.args, t.chosen(false)...)
	return t.live(ctx, call, tolerant)
}

func (t *Target) live(ctx context.Context, call command, tolerant anyway) (*Report, error) {
	for _, r := range append([]*Reached{t.Hub}, t.Spokes...) {
		call.container = r.give(call.container)
	}
	for _, a := range t.Access {
		call.container = a.give(call.container)
	}
	for _, m := range t.Mounts {
		call.container = m.give(call.container)
	}
	for _, s := range t.Services {
		call.container = call.container.WithServiceBinding(s.Name, s.Service)
	}
	call.args = slices.Concat(call.args, t.Module.Chart.Crds, t.clusters(), t.chosen(true))
	return call.live().report(ctx, tolerant)
}
