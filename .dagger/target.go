package main

import (
	"context"
	"fmt"
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
	Flags []string
	// +private
	Choices []string
	// +private
	Spokes int
	// +private
	Access []*Access
	// +private
	Services []*Binding
	// +private
	Made *dagger.File
}

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
) (*Target, error) {
	before := l.Report
	if !l.Rendered && before.ExitCode == 0 {
		before = refusal("choosing the target: these values were linted as they are, and not rendered for ECR", "write render before lint: `render lint target`")
	}
	t, err := l.Module.target(before, kubeconfig, context, eksCluster)
	if err != nil {
		return nil, err
	}
	t.Flags = append(t.Flags, flags{{"managed-by", string(managedBy)}, {"timeout", timeout}}.args()...)
	t.Flags = append(t.Flags, switches{{"spokes-from-values", spokesFromValues}}.args()...)
	return t.choose(slices.Concat(
		flags{{"push-wait", pushWait}}.args(),
		switches{{"prepare-spokes", prepareSpokes}, {"install", install}}.args(),
		each("disable", l.Disabled), // a run has the same rules as lint, or the same file would have two verdicts
	)...), nil
}

// target reaches the hub by a kubeconfig or as an EKS cluster, or as the file of --config says.
func (m *PaletteEcr) target(linted *Report, kubeconfig *dagger.Secret, context, eksCluster string) (*Target, error) {
	const path = secrets + "/kubeconfig"
	t := &Target{Module: m, Linted: linted}
	switch {
	case eksCluster != "" && (kubeconfig != nil || context != ""):
		return nil, wrongUse("reading the arguments: the hub is given both by a kubeconfig and by the name of an EKS cluster", "leave one out")
	case eksCluster != "":
		t.Flags = []string{"--eks-cluster=" + eksCluster}
	case kubeconfig != nil:
		t.Flags, t.Access = []string{"--kubeconfig=" + path}, []*Access{{Path: path, Secret: kubeconfig}}
	case !m.Input.Config:
		return nil, wrongUse("reading the arguments: nothing says which cluster the hub is", "add --kubeconfig file://kubeconfig, --eks-cluster NAME, or a --config whose hub is an EKS cluster")
	}
	t.Flags = append(t.Flags, flags{{"context", context}}.args()...)
	return t, nil
}

// with returns a copy with further access and flags.
func (t *Target) with(access []*Access, args ...string) *Target {
	next := *t
	next.Access = append(slices.Clone(t.Access), access...)
	next.Flags = append(slices.Clone(t.Flags), args...)
	return &next
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
	flag, access := "--spoke=name="+name, []*Access(nil)
	switch {
	case (kubeconfig != nil) == (eksCluster != ""):
		return nil, wrongUse("reading the arguments: spoke \""+name+"\" is to be given by a kubeconfig or by the name of an EKS cluster", "add --kubeconfig file://spoke.kubeconfig, or --eks-cluster NAME")
	case eksCluster != "":
		flag += ",eks=" + eksCluster
	default:
		path := fmt.Sprintf("%s/spokes/%d/kubeconfig", secrets, t.Spokes)
		flag, access = flag+",kubeconfig="+path, []*Access{{Path: path, Secret: kubeconfig}}
	}
	if context != "" {
		flag += ",context=" + context
	}
	next := t.with(access, flag)
	next.Spokes++
	return next, nil
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
	// Give the report also when the cutover fails.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	some := t.with(nil, flags{{"from", string(from)}, {"until", string(until)}}.args()...)
	if plan != nil {
		some.Made = plan
		some.Flags = append(some.Flags, "--plan="+planPath)
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
	call.args = append(call.args, t.Choices...)
	return t.live(ctx, call, tolerant)
}

func (t *Target) live(ctx context.Context, call command, tolerant anyway) (*Report, error) {
	for _, a := range t.Access {
		call.container = a.give(call.container)
	}
	if t.Made != nil {
		call.container = call.container.WithMountedFile(planPath, t.Made, dagger.ContainerWithMountedFileOpts{Owner: user})
	}
	for _, s := range t.Services {
		call.container = call.container.WithServiceBinding(s.Name, s.Service)
	}
	call.args = append(append(call.args, t.Module.Chart.Crds...), t.Flags...)
	return call.live().report(ctx, tolerant)
}
