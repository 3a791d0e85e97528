package deploy

import (
	"context"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
)

// atOnce is how many objects are asked for at a time.
const atOnce = 8

// pair is one object as the last revision made it and as the next would; one of them may be nil.
type pair struct{ before, after *unstructured.Unstructured }

// object is either of them, for its name.
func (p pair) object() *unstructured.Unstructured {
	if p.after != nil {
		return p.after
	}
	return p.before
}

// compare looks at every object of two revisions. Hooks are not part of a release.
func (f *foreseer) compare(ctx context.Context, last, next *release.Release) error {
	pairs, err := f.pairs(last, next)
	if err != nil {
		return err
	}
	return f.each(ctx, pairs, f.foreseen)
}

// facts notes what is live of a release that is left alone.
func (f *foreseer) facts(ctx context.Context, last *release.Release) error {
	pairs, err := f.pairs(last, last)
	if err != nil {
		return err
	}
	return f.each(ctx, pairs, func(ctx context.Context, p pair) (outcome, error) {
		live, err := f.live(ctx, p.object())
		return outcome{fact: factOf(p.object(), live)}, err
	})
}

func (f *foreseer) pairs(last, next *release.Release) ([]pair, error) {
	byKey, order := map[string]*pair{}, []string{}
	note := func(r *release.Release, set func(*pair, *unstructured.Unstructured)) error {
		if r == nil {
			return nil
		}
		made, err := chart.Objects(r)
		if err != nil {
			return masked(err, r.Config)
		}
		for _, m := range made {
			if m.Object.GetAnnotations()[release.HookAnnotation] != "" {
				continue
			}
			f.place(m.Object)
			key := m.Object.GroupVersionKind().GroupKind().String() + " " + client.ObjectKeyFromObject(m.Object).String()
			if byKey[key] == nil {
				byKey[key] = &pair{}
				order = append(order, key)
			}
			set(byKey[key], m.Object)
		}
		return nil
	}
	if err := note(last, func(p *pair, o *unstructured.Unstructured) { p.before = o }); err != nil {
		return nil, err
	}
	if err := note(next, func(p *pair, o *unstructured.Unstructured) { p.after = o }); err != nil {
		return nil, err
	}
	pairs := make([]pair, len(order))
	for i, key := range order {
		pairs[i] = *byKey[key]
	}
	return pairs, nil
}

// place gives an object the namespace that Helm would.
func (f *foreseer) place(o *unstructured.Unstructured) {
	namespaced, err := f.cluster.Client.IsObjectNamespaced(o)
	switch {
	case err == nil && !namespaced:
		o.SetNamespace("")
	case o.GetNamespace() == "" && err == nil:
		o.SetNamespace(f.options.Release.Namespace)
	}
}

// each looks at all pairs, some at a time, and notes the outcomes in their order.
func (f *foreseer) each(ctx context.Context, pairs []pair, look func(context.Context, pair) (outcome, error)) error {
	outcomes := make([]outcome, len(pairs))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, p := range pairs {
		group.Go(func() (err error) {
			outcomes[i], err = look(inner, p)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, o := range outcomes {
		f.note(pairs[i].object(), o)
	}
	return nil
}
