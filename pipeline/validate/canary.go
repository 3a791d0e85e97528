package validate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/own"
)

// Canary is the name of the first OCIRepository that Pull makes and deletes in a namespace; further ones have a number
// after it.
const Canary = "palette-ecr-canary"

// isCanary reports whether an OCIRepository was made for a proof, by whichever run.
func isCanary(r *sourcev1.OCIRepository) bool {
	return r.Name == Canary || strings.HasPrefix(r.Name, Canary+"-") && own.Is(r)
}

// canary is one OCIRepository that is made to be fetched.
type canary struct {
	identity identity
	object   *sourcev1.OCIRepository
	seen     string
	ok       bool
}

func (c *canary) name() string {
	return "OCIRepository " + client.ObjectKeyFromObject(c.object).String()
}

// canaries prepares an object for each identity, with the reference of an artifact that is known to be one that Flux
// can read: one that a workload with that identity has fetched, else one of any other workload, else any tag.
func (p prover) canaries(ctx context.Context, all []identity) ([]*canary, error) {
	if len(all) == 0 {
		all = []identity{{namespace: p.Namespace}}
	}
	var usual *sourcev1.OCIRepositoryRef
	for _, each := range all {
		if each.example != nil {
			usual = &sourcev1.OCIRepositoryRef{Digest: digestOf(each.example)}
			break
		}
	}
	if usual == nil {
		var err error
		if usual, err = p.anyTag(ctx); err != nil || usual == nil {
			return nil, err
		}
	}
	var made []*canary
	number := map[string]int{}
	for _, each := range all {
		number[each.namespace]++
		name := Canary
		if n := number[each.namespace]; n > 1 {
			name = fmt.Sprintf("%s-%d", Canary, n)
		}
		c := &canary{identity: each, seen: "nothing yet", object: &sourcev1.OCIRepository{
			// Beside the workload: on a spoke the release's namespace need not exist.
			ObjectMeta: metav1.ObjectMeta{Namespace: each.namespace, Name: name, Labels: map[string]string{own.Label: own.Name}},
			Spec: sourcev1.OCIRepositorySpec{
				URL: p.Destination.URL(), Provider: "aws", Reference: usual.DeepCopy(),
				Interval: metav1.Duration{Duration: time.Hour}, Timeout: &metav1.Duration{Duration: time.Minute},
			},
		}}
		if each.example != nil {
			c.object.Spec.Reference.Digest = digestOf(each.example)
			c.object.Spec.Reference.Tag = ""
		}
		each.apply(&c.object.Spec)
		made = append(made, c)
	}
	return made, nil
}

// anyTag returns a reference to some tag in the destination; nil when there is none.
func (p prover) anyTag(ctx context.Context) (*sourcev1.OCIRepositoryRef, error) {
	if p.Images == nil {
		return nil, nil
	}
	images, err := p.Images(ctx)
	if err != nil {
		return nil, err
	}
	if i := firstTagged(images); i >= 0 {
		return &sourcev1.OCIRepositoryRef{Tag: images[i].Tags[0]}, nil
	}
	return nil, nil
}

func firstTagged(images []ecr.Image) int {
	for i, image := range images {
		if len(image.Tags) > 0 {
			return i
		}
	}
	return -1
}

// create makes the canaries, each after one that a killed run has left.
func (f *flock) create(ctx context.Context) error {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, c := range f.canaries {
		group.Go(func() error { return f.createOne(inner, c.object) })
	}
	return group.Wait()
}

func (f *flock) createOne(ctx context.Context, object *sourcev1.OCIRepository) error {
	for {
		err := f.at.Client.Create(ctx, object)
		if !apierrors.IsAlreadyExists(err) {
			return err
		}
		if err := client.IgnoreNotFound(f.at.Client.Delete(ctx, object.DeepCopy())); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("deleting an older canary: %w", ctx.Err())
		case <-time.After(glance):
		}
		object.ResourceVersion, object.UID = "", ""
	}
}

// remove deletes the canaries also when the wait for them was cancelled, but not one that another run has put in their
// place. It returns those that are still there.
func (f *flock) remove(ctx context.Context) []journal.Leftover {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	left := make([]error, len(f.canaries))
	var group errgroup.Group
	group.SetLimit(8)
	for i, c := range f.canaries {
		group.Go(func() error {
			left[i] = f.removeOne(ctx, c.object)
			return nil
		})
	}
	_ = group.Wait() // errors are in left
	var all []journal.Leftover
	for i, c := range f.canaries {
		if left[i] != nil {
			f.Progress.Say("could not delete %s on %s, which is remembered: %v", c.name(), f.at.Name, left[i])
			all = append(all, journal.Leftover{Cluster: f.at.Name, Namespace: c.object.Namespace, Name: c.object.Name})
		}
	}
	return all
}

func (f *flock) removeOne(ctx context.Context, object *sourcev1.OCIRepository) error {
	var options []client.DeleteOption
	if object.UID != "" {
		options = append(options, client.Preconditions{UID: &object.UID})
	} // else nobody knows whether its creation came through
	err := f.at.Client.Delete(ctx, object.DeepCopy(), options...)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// Sweep deletes canaries that an earlier run could not delete, and returns those that are still there. Only what
// palette-ecr made is deleted.
func Sweep(ctx context.Context, c Cluster, leftovers []journal.Leftover) (remaining []journal.Leftover, err error) {
	var failed []error
	for _, left := range leftovers {
		if left.Cluster != c.Name {
			remaining = append(remaining, left)
			continue
		}
		var object sourcev1.OCIRepository
		err := c.Client.Get(ctx, client.ObjectKey{Namespace: left.Namespace, Name: left.Name}, &object)
		if err == nil && isCanary(&object) {
			err = c.Client.Delete(ctx, &object, client.Preconditions{UID: &object.UID})
		}
		if client.IgnoreNotFound(err) != nil {
			remaining = append(remaining, left)
			failed = append(failed, fmt.Errorf("deleting OCIRepository %s/%s on cluster %q: %w", left.Namespace, left.Name, c.Name, err))
		}
	}
	return remaining, errors.Join(failed...)
}

// SweepAll deletes every canary of a cluster, whichever run has left it, and returns how many there were.
func SweepAll(ctx context.Context, c Cluster) (int, error) {
	var list sourcev1.OCIRepositoryList
	if err := c.Client.List(ctx, &list); err != nil {
		return 0, fmt.Errorf("listing the OCIRepositories of cluster %q: %w", c.Name, err)
	}
	removed := 0
	for _, r := range list.Items {
		if !own.Is(&r) || !isCanary(&r) {
			continue
		}
		if err := c.Client.Delete(ctx, &r, client.Preconditions{UID: &r.UID}); client.IgnoreNotFound(err) != nil {
			return removed, fmt.Errorf("deleting OCIRepository %s/%s on cluster %q: %w", r.Namespace, r.Name, c.Name, err)
		}
		removed++
	}
	return removed, nil
}
