package validate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// logs opens one container's log since the switch.
type logs func(ctx context.Context, pod corev1.Pod, container string) (io.ReadCloser, error)

// hueState is what Hue's Deployment shows.
type hueState struct {
	looked        bool
	wanted, ready int32
	managers      []string // names under which its writes may stand in managedFields
}

// logView is what Hue's log says since the switch.
type logView struct {
	failure *line // the newest error that nothing has made good since
	why     Cause
	lines   int    // about the registry
	pushed  []line // that report a push
}

// look looks once.
func (w pusher) look(ctx context.Context) (pushView, error) {
	view := pushView{}
	if w.Images == nil {
		return view, errors.New("looking for pushed images: no way to see the destination was given")
	}
	images, err := w.Images(ctx)
	if err != nil {
		return view, &imagesError{err}
	}
	var candidates []ecr.Image
	for _, image := range images {
		if image.PushedAt.After(w.SwitchedAt) && !slices.Contains(w.Copied, image.Digest) {
			candidates = append(candidates, image)
		}
	}
	slices.SortFunc(candidates, func(a, b ecr.Image) int { return b.PushedAt.Compare(a.PushedAt) })
	pods, state, err := w.pods(ctx)
	if err != nil {
		return view, err
	}
	view.hue = state
	for _, pod := range pods {
		for _, container := range pod.Spec.Containers {
			if err := w.readLog(ctx, pod, container.Name, &view.log); err != nil {
				return view, fmt.Errorf("reading the log of pod %s/%s: %w", pod.Namespace, pod.Name, err)
			}
		}
	}
	if err := w.account(ctx, candidates, &view); err != nil {
		return view, err
	}
	view.forgive()
	return view, nil
}

// account finds out which images are Hue's: by its log, and only where that says nothing by what it wrote.
func (w pusher) account(ctx context.Context, candidates []ecr.Image, view *pushView) error {
	var rest []ecr.Image
	for _, image := range candidates {
		if slices.ContainsFunc(view.log.pushed, func(l line) bool { return w.names(l.text, image) }) {
			view.accounted = append(view.accounted, accounted{image, "Hue's log"})
			continue
		}
		rest = append(rest, image)
	}
	if len(rest) == 0 || len(view.accounted) > 0 {
		return nil
	}
	written, err := w.written(ctx, view.hue.managers)
	if err != nil {
		return err
	}
	for _, image := range rest {
		if by, ok := written[image.Digest]; ok {
			view.accounted = append(view.accounted, accounted{image, by})
			continue
		}
		view.others++
	}
	return nil
}

// names reports whether a line of the log is about an image: by its digest, or by a tag of it in this repository.
func (w pusher) names(text string, image ecr.Image) bool {
	if strings.Contains(text, image.Digest) {
		return true
	}
	if !strings.Contains(text, w.Destination.Path()) {
		return false
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t,;:\"'=@()[]{}", r) })
	return slices.ContainsFunc(image.Tags, func(tag string) bool { return slices.Contains(words, tag) })
}

// written lists the digests that OCIRepositories of the fleet have from the destination, where Hue has written the
// object since the switch, with the name of the object. A cluster that can't be asked accounts for nothing.
func (w pusher) written(ctx context.Context, managers []string) (map[string]string, error) {
	all := map[string]string{}
	listed, errs := make([][]sourcev1.OCIRepository, len(w.fleet)), make([]error, len(w.fleet))
	_ = cluster.Each(w.fleet, func(i int, c Cluster) error {
		ctx, cancel := context.WithTimeout(ctx, w.Absence) // one that hangs keeps nobody from seeing the others
		defer cancel()
		listed[i], errs[i] = c.workloads(ctx)
		return nil
	})
	var failed error
	asked := false
	for i, c := range w.fleet {
		if errs[i] != nil {
			failed = errs[i]
			continue
		}
		asked = true
		for _, r := range listed[i] {
			if r.Spec.URL != w.Destination.URL() || !w.wroteSince(&r, managers) {
				continue
			}
			by := fmt.Sprintf("OCIRepository %s/%s on %s, which Hue wrote since", r.Namespace, r.Name, c.Name)
			if ref := r.Spec.Reference; ref != nil && ref.Digest != "" {
				all[ref.Digest] = by
				continue
			}
			if digest := digestOf(&r); digest != "" {
				all[digest] = by
			}
		}
	}
	if !asked && failed != nil {
		return nil, failed
	}
	return all, nil
}

// wroteSince reports whether one of the managers wrote the object's spec since the switch.
func (w pusher) wroteSince(r *sourcev1.OCIRepository, managers []string) bool {
	return slices.ContainsFunc(r.ManagedFields, func(f metav1.ManagedFieldsEntry) bool {
		return slices.Contains(managers, f.Manager) && f.Time != nil && f.Time.After(w.SwitchedAt) &&
			f.FieldsV1 != nil && strings.Contains(f.FieldsV1.GetRawString(), `"f:spec"`)
	})
}

// pods lists Hue's pods whose log counts, and says how Hue stands.
func (w pusher) pods(ctx context.Context) ([]corev1.Pod, hueState, error) {
	var d appsv1.Deployment
	if err := w.at.Client.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: w.Hue}, &d); err != nil {
		return nil, hueState{}, fmt.Errorf("reading Deployment %s/%s on cluster %q: %w", w.Namespace, w.Hue, w.at.Name, err)
	}
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return nil, hueState{}, fmt.Errorf("reading the selector of Deployment %s/%s: %w", w.Namespace, w.Hue, err)
	}
	var list corev1.PodList
	if err := w.at.Client.List(ctx, &list, client.InNamespace(w.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, hueState{}, fmt.Errorf("listing the pods of Deployment %s/%s on cluster %q: %w", w.Namespace, w.Hue, w.at.Name, err)
	}
	state := hueState{looked: true, wanted: 1, managers: managersOf(&d)}
	if d.Spec.Replicas != nil {
		state.wanted = *d.Spec.Replicas
	}
	// A pod from before the switch has the old settings: what it says on its way out does not count.
	pods := slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool {
		return pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodPending
	})
	for _, pod := range pods {
		if slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue }) {
			state.ready++
		}
	}
	return pods, state, nil
}

// managersOf returns the names under which a controller's writes stand in managedFields: what it calls itself, or its
// program's name.
func managersOf(d *appsv1.Deployment) []string {
	names := []string{d.Name}
	for _, c := range d.Spec.Template.Spec.Containers {
		names = append(names, c.Name)
		if len(c.Command) > 0 {
			names = append(names, path.Base(c.Command[0]))
		}
		image, _, _ := strings.Cut(path.Base(c.Image), "@")
		image, _, _ = strings.Cut(image, ":")
		names = append(names, image)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" || name == "." || name == "/" })
}

func (w pusher) readLog(ctx context.Context, pod corev1.Pod, container string, view *logView) error {
	stream, err := w.open(ctx, pod, container)
	if err != nil {
		return err
	}
	defer stream.Close()
	reader := bufio.NewReader(stream)
	for {
		text, err := reader.ReadString('\n')
		if text != "" {
			w.take(view, parseLine(text))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// take notes a line that is about the registry. The true cause is kept before one that may pass by itself.
func (w pusher) take(v *logView, l line) {
	if !l.concern || (!l.time.IsZero() && l.time.Before(w.SwitchedAt)) {
		return
	}
	v.lines++
	if l.pushed {
		v.pushed = append(v.pushed, l)
	}
	if !l.failed {
		return
	}
	why := w.explain(l.text)
	if why.ID == "" && !pushing.MatchString(l.text) && !strings.Contains(l.text, w.Destination.Registry.Host) {
		return // an error, but neither of a known kind nor about a push or this registry
	}
	if v.failure == nil || why.Terminal || !v.why.Terminal {
		v.failure, v.why = &l, why
	}
}

// forgive drops an error that passes by itself, such as a lost connection, once a push came after it.
func (v *pushView) forgive() {
	failure := v.log.failure
	if failure != nil && !v.log.why.Terminal && len(v.accounted) > 0 && !failure.time.IsZero() && v.accounted[0].image.PushedAt.After(failure.time) {
		v.log.failure = nil
	}
}
