package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/probe"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// readBefore reads the manifests that a HelmRelease needs.
func readBefore(o Options) ([]byte, error) {
	if o.Before == "" {
		return nil, nil
	}
	if !o.Install || o.Target.Release.ManagedBy != target.Flux {
		return nil, fault.New(fault.Usage, "pass --install and --managed-by flux too, or leave --flux-manifests out", "reading %q: it is for an installation with Flux only", o.Before)
	}
	data, err := os.ReadFile(o.Before)
	if err != nil {
		return nil, fault.New(fault.Usage, "check --flux-manifests", "reading the manifests for Flux: %w", err)
	}
	return data, nil
}

// made are the ConfigMaps and Secrets that the HelmRelease's valuesFrom may name and that are made with it; nil where none is.
func (g Given) made(o Options) (values.Source, error) {
	release := g.File.HelmRelease()
	if g.Before == nil || release == nil {
		return nil, nil
	}
	return values.Manifests(o.Before, g.Before, cmp.Or(release.Namespace, o.Target.Release.Namespace))
}

// checkManager refuses a release that somebody else manages. Of one that is not there nobody can know, unless Flux is
// about to make it.
func checkManager(w *world.World, s *state.State) error {
	if s.Absent() && s.Managed.By != deploy.ByFlux {
		return nil
	}
	return s.Managed.Check(w.Hub, w.Target.Release)
}

// prepareInstall refuses what would fail halfway, and makes the release's namespace: the journal and the Lease are
// there.
func prepareInstall(ctx context.Context, w *world.World, s *state.State, wanted Rendered) error {
	if w.Target.Release.ManagedBy == target.Helm {
		o := applyOptions(w, s, wanted)
		problems, err := deploy.Prerequisites(ctx, w.Hub, o, w.Kubernetes)
		if err != nil {
			return err
		}
		crds, err := deploy.CRDsRevision(ctx, w.Hub, o)
		if err != nil {
			return err
		}
		if o.Release.CRDs.Chart == "" && crds == 0 {
			problems = append(problems, deploy.Problem{What: deploy.CRDsRelease + " is not installed, and no version of it is given", Remedy: "name its version with --crds-version"})
		}
		if err := deploy.RefuseProblems(problems, w.Hub, w.Target.Release.Namespace+"/"+w.Target.Release.Name); err != nil {
			return err
		}
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.Target.Release.Namespace}}
	err := w.Hub.Client.Get(ctx, client.ObjectKeyFromObject(namespace), namespace)
	if err == nil || apierrors.IsForbidden(err) { // who may not read namespaces was given one
		return nil
	}
	if apierrors.IsNotFound(err) {
		err = w.Hub.Client.Create(ctx, namespace)
	}
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fault.New(fault.Failed, fmt.Sprintf("make it first: `%s`", w.Hub.Kubectl("create namespace %s", namespace.Name)), "making namespace %s on cluster %q: %w", namespace.Name, w.Hub.Name, err)
	}
	return nil
}

// isUnused reports whether a release was installed on ECR, and has no workload yet that could prove anything.
func isUnused(ctx context.Context, w *world.World, s *state.State, in Deployment) (bool, error) {
	if !in.values().Given.Install || s.Journal.Original != nil {
		return false, nil
	}
	used, err := references(ctx, w, s)
	return err == nil && len(used) == 0, err
}

// unprovenYet is what nobody can know of an installation without a workload.
const unprovenYet = "unproven until the first workload: that hue pushes, and that workloads are Ready; run `palette-ecr validate` after it"

// proveInstallation proves what can be proven without a workload: that source-controller pulls. What it pulls is a
// probe that the person who runs this pushes, and that is taken away again.
func (v *Validation) proveInstallation(ctx context.Context, w *world.World, s *state.State, fresh *proof.Ledger) error {
	if len(fresh.Named(report.ProofPull)) > 0 {
		v.entry.Skip = "proven before with a probe; " + unprovenYet
		return nil
	}
	if err := w.Lock(ctx); err != nil {
		return err
	}
	config, err := validation(ctx, w, s)
	if err != nil {
		return err
	}
	repository, err := w.ECR.Target(ctx)
	if err != nil {
		return err
	}
	w.Progress.Say("pushing a probe to %s: there is no workload yet", w.Destination.URL())
	pushed, err := probe.Push(ctx, repository)
	if err != nil {
		return fault.New(fault.Failed, "make sure that you may push there: `palette-ecr policies --principal operator` prints the rights", "pushing a probe to %s: %w", w.Destination.URL(), err)
	}
	config.Images = func(context.Context) ([]ecr.Image, error) {
		return []ecr.Image{{Digest: pushed.Digest.String(), Tags: []string{probe.Tag}}}, nil
	}
	p, leftovers := validate.Pull(ctx, validate.Cluster{Cluster: w.Hub}, config)
	gone := "it is gone again"
	if err := probe.Remove(context.WithoutCancel(ctx), repository, pushed); err != nil {
		gone = fmt.Sprintf("it stays as tag %s, since it could not be deleted", probe.Tag)
		w.Progress.Say("deleting the probe, tag %s of %s: %v; delete it with ecr:BatchDeleteImage", probe.Tag, w.Destination.URL(), err)
	}
	v.prove(p)
	if err := keepLeftovers(ctx, s, leftovers); err != nil {
		return err
	}
	if err := proof.Worst([]report.Proof{p}); err != nil {
		return err
	}
	v.entry.Summary = "source-controller fetched a probe from ECR that you have pushed, and " + gone + "; " + unprovenYet
	v.entry.Changed = true
	s.Journal.Prove(v.Proofs)
	return s.Journal.Save(ctx)
}
