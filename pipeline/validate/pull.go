package validate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Canary is the name of the OCIRepository that Pull makes and deletes.
const Canary = "palette-ecr-canary"

// managedBy marks what palette-ecr makes in clusters.
const managedBy = "app.kubernetes.io/managed-by"

// Pull proves that source-controller can fetch from the destination under its own identity: a canary
// OCIRepository, made anew, has nothing in storage that could stand in for ECR. It reads an artifact that a
// workload of this cluster uses. The canary is deleted whatever happens.
func Pull(ctx context.Context, c *cluster.Cluster, o Options) report.Proof {
	o.complete()
	p := o.proof(report.ProofPull, c.Name)
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	canary, err := o.canary(ctx, c)
	if err != nil {
		return o.unproven(p, "no canary could be made", Cause{Cause: sentence(err.Error()), Remedy: "Make sure that OCIRepositories may be listed, made and deleted in namespace " + o.Namespace + "."})
	}
	if canary == nil {
		return o.unproven(p, "there is nothing in the destination that a canary could fetch", Cause{
			Cause: "No artifact is in " + o.Destination.URL() + ".", Remedy: "Run `palette-ecr copy`, or deploy any workload, then run `palette-ecr validate` again.",
		})
	}
	defer o.remove(ctx, c, canary)
	if err := o.create(ctx, c, canary); err != nil {
		return o.unproven(p, "no canary could be made", Cause{Cause: sentence(err.Error()), Remedy: "Make sure that OCIRepositories may be made and deleted in namespace " + o.Namespace + "."})
	}
	return o.fetched(ctx, c, p, canary)
}

// canary prepares the object, with the reference of an artifact that is known to be one that Flux can read.
func (o *Options) canary(ctx context.Context, c *cluster.Cluster) (*sourcev1.OCIRepository, error) {
	canary := &sourcev1.OCIRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: Canary, Labels: map[string]string{managedBy: "palette-ecr"}},
		Spec: sourcev1.OCIRepositorySpec{
			URL: o.Destination.URL(), Provider: "aws",
			Interval: metav1.Duration{Duration: time.Hour}, Timeout: &metav1.Duration{Duration: time.Minute},
		},
	}
	var list sourcev1.OCIRepositoryList
	if err := c.Client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("listing OCIRepositories on cluster %q: %w", c.Name, err)
	}
	e := Expectation{URL: o.Destination.URL(), Not: o.Source}
	for _, r := range list.Items {
		if !e.concerns(&r) || r.Status.Artifact == nil {
			continue
		}
		if digest := digestOf(r.Status.Artifact.Revision); digest != "" {
			// Beside the workload: on a spoke the release's namespace need not exist.
			canary.Namespace = r.Namespace
			canary.Spec.Reference = &sourcev1.OCIRepositoryRef{Digest: digest}
			canary.Spec.LayerSelector = r.Spec.LayerSelector
			return canary, nil
		}
	}
	// No workload here has fetched anything yet: any tagged artifact will do.
	if o.Images == nil {
		return nil, nil
	}
	images, err := o.Images(ctx)
	if err != nil {
		return nil, err
	}
	for _, image := range images {
		if len(image.Tags) > 0 {
			canary.Spec.Reference = &sourcev1.OCIRepositoryRef{Tag: image.Tags[0]}
			return canary, nil
		}
	}
	return nil, nil
}

// create makes the canary, after one that a killed run has left.
func (o *Options) create(ctx context.Context, c *cluster.Cluster, canary *sourcev1.OCIRepository) error {
	for {
		err := c.Client.Create(ctx, canary)
		if !apierrors.IsAlreadyExists(err) {
			return err
		}
		if err := client.IgnoreNotFound(c.Client.Delete(ctx, canary.DeepCopy())); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("deleting an older canary: %w", ctx.Err())
		case <-time.After(glance):
		}
		canary.ResourceVersion, canary.UID = "", ""
	}
}

// remove deletes the canary also when the wait for it was cancelled, but not one that another run has put in its place.
func (o *Options) remove(ctx context.Context, c *cluster.Cluster, canary *sourcev1.OCIRepository) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := c.Client.Delete(ctx, canary.DeepCopy(), client.Preconditions{UID: &canary.UID})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		o.Progress.Say("could not delete OCIRepository %s/%s on %s, please do: %v", canary.Namespace, canary.Name, c.Name, err)
	}
}

// errGone ends the wait for a canary that is no more.
var errGone = errors.New("the canary is gone")

// fetched waits until the canary's artifact is in source-controller's storage, or until it is plain that it
// will not be.
func (o *Options) fetched(ctx context.Context, c *cluster.Cluster, p report.Proof, canary *sourcev1.OCIRepository) report.Proof {
	w := &watcher{o: o, c: c, since: map[types.UID]standing{}}
	e := Expectation{URL: o.Destination.URL(), Provider: "aws"}
	object := "OCIRepository " + client.ObjectKeyFromObject(canary).String()
	seen := "nothing yet"
	err := follow(ctx, c.Client, func(all objects) (bool, error) {
		r := all[client.ObjectKeyFromObject(canary)]
		if r == nil || r.UID != canary.UID {
			seen = "it is gone"
			return false, errGone
		}
		f := e.judge(r, "")
		seen = f.seen
		if f.state == failing || f.state == hopeless {
			w.blame(r, f)
			if w.final != nil {
				return false, errFinal
			}
			return false, nil
		}
		delete(w.since, r.UID)
		stored := apimeta.IsStatusConditionTrue(r.Status.Conditions, sourcev1.ArtifactInStorageCondition)
		return f.state == settled && stored, nil
	}, client.InNamespace(canary.Namespace), client.MatchingFields{"metadata.name": Canary})
	p.Evidence = []report.Evidence{{Object: object, Seen: seen, OK: err == nil}}
	switch {
	case err == nil:
		return o.held(p, "source-controller fetched a new OCIRepository from "+host(e.URL)+" under its own identity")
	case errors.Is(err, errGone):
		return o.unproven(p, "the canary was taken away", Cause{
			Cause:  object + " was deleted or replaced by somebody else before source-controller had fetched it: perhaps by another palette-ecr.",
			Remedy: "Run `palette-ecr validate` again when nobody else does.",
		})
	case errors.Is(err, errFinal):
		return o.broken(p, "source-controller can't fetch from "+host(e.URL), *w.final)
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		why := Cause{Cause: "source-controller has not fetched the canary within " + o.Timeout.String() + ": " + seen + ".", Remedy: fmt.Sprintf("Check that it runs: `kubectl --namespace %s get deployment source-controller`.", o.Namespace)}
		if w.worst != nil {
			why = *w.worst
		}
		return o.broken(p, "source-controller did not fetch from "+host(e.URL), why)
	case ctx.Err() != nil:
		return o.unproven(p, "the canary's wait was ended", Cause{Cause: "The wait was ended before it was decided: " + sentence(context.Cause(ctx).Error()) + ".", Remedy: "Run `palette-ecr validate` again."})
	}
	return o.unproven(p, "the canary can't be seen", Cause{Cause: sentence(err.Error()), Remedy: "Check the connection to the cluster and run `palette-ecr validate` again."})
}

// digestOf takes the digest out of a revision, which is <tag>@<digest> or <digest>.
func digestOf(revision string) string {
	return revision[strings.LastIndex(revision, "@")+1:]
}
