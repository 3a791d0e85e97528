package validate

import (
	"context"
	"fmt"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

// glance is how often what was seen is judged: events only note what changed, however many there are.
const glance = 200 * time.Millisecond

// objects are OCIRepositories by name.
type objects map[client.ObjectKey]*sourcev1.OCIRepository

// follow keeps objects as they are in the cluster, with one LIST and one WATCH, and lets step judge them
// until it is done. A watch that ends is begun again with a new LIST, and an API server that does not answer
// is asked again for as long as ctx lasts.
func follow(ctx context.Context, c client.WithWatch, step func(objects) (done bool, err error), options ...client.ListOption) error {
	for {
		done, err := once(ctx, c, step, options)
		if done || (err != nil && !transient.Error(err)) {
			return err
		}
		select { // not at once again, should it end at once each time
		case <-ctx.Done():
			if err == nil {
				err = ctx.Err()
			}
			return err
		case <-time.After(glance):
		}
	}
}

// once does one LIST and the WATCH after it.
func once(ctx context.Context, c client.WithWatch, step func(objects) (bool, error), options []client.ListOption) (bool, error) {
	var list sourcev1.OCIRepositoryList
	if err := c.List(ctx, &list, options...); err != nil {
		return false, fmt.Errorf("listing OCIRepositories: %w", err)
	}
	seen := objects{}
	for i := range list.Items {
		seen[client.ObjectKeyFromObject(&list.Items[i])] = &list.Items[i]
	}
	from := append(append([]client.ListOption{}, options...), &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.ResourceVersion}})
	watching, err := c.Watch(ctx, &sourcev1.OCIRepositoryList{}, from...)
	if err != nil {
		return false, fmt.Errorf("watching OCIRepositories: %w", err)
	}
	defer watching.Stop()
	return listen(ctx, watching, seen, step)
}

func listen(ctx context.Context, watching watch.Interface, seen objects, step func(objects) (bool, error)) (done bool, err error) {
	// Only now, when nothing can be missed any more of what the step may cause.
	if done, err := step(seen); done || err != nil {
		return done, err
	}
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-ticker.C:
			if done, err := step(seen); done || err != nil {
				return done, err
			}
		case event, open := <-watching.ResultChan():
			if !open {
				return false, nil
			}
			if err := note(seen, event); err != nil {
				return false, err
			}
			if event.Type == watch.Error {
				return false, nil
			}
		}
	}
}

// note takes over one event. A watch that is too old is no error: a new LIST is due.
func note(seen objects, event watch.Event) error {
	if event.Type == watch.Error {
		if err := apierrors.FromObject(event.Object); !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) && !apierrors.IsInternalError(err) && !apierrors.IsTimeout(err) {
			return fmt.Errorf("watching OCIRepositories: %w", err)
		}
		return nil
	}
	object, ok := event.Object.(*sourcev1.OCIRepository)
	if !ok {
		return nil
	}
	if event.Type == watch.Deleted {
		delete(seen, client.ObjectKeyFromObject(object))
		return nil
	}
	seen[client.ObjectKeyFromObject(object)] = object
	return nil
}
