package validate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// mostLog is how much of one pod's log is read at most, in bytes.
const mostLog = 16 << 20

// Push proves that Hue writes to the destination: since the switch there is an image newer than it, and no
// error about the registry in Hue's log. Neither a push nor an error is unproven: Hue may have had nothing
// to push. c is the hub.
func Push(ctx context.Context, c *cluster.Cluster, o Options) report.Proof {
	o.complete()
	return o.push(ctx, c, func(ctx context.Context, pod corev1.Pod, container string) (io.ReadCloser, error) {
		since := metav1.NewTime(o.SwitchedAt)
		most := int64(mostLog)
		return c.Clientset.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
			Container: container, SinceTime: &since, Timestamps: true, LimitBytes: &most,
		}).Stream(ctx)
	})
}

// logs opens one container's log since the switch.
type logs func(ctx context.Context, pod corev1.Pod, container string) (io.ReadCloser, error)

// pushView is what one look at the destination and at Hue's log showed.
type pushView struct {
	newest  *ecr.Image // pushed after the switch
	pushes  int        // images pushed after the switch
	failure *line      // the newest error that nothing has made good since
	why     Cause
	lines   int // of the log, about the registry
}

func (o *Options) push(ctx context.Context, c *cluster.Cluster, open logs) report.Proof {
	p := o.proof(report.ProofPush, c.Name)
	if o.SwitchedAt.IsZero() {
		return o.unproven(p, "it is not known when Hue was switched to the destination", Cause{
			Cause: "No cutover by palette-ecr is on record, so a push before it can't be told from one after it.", Remedy: "Run `palette-ecr deploy`, then `palette-ecr validate`.",
		})
	}
	ctx, cancel := context.WithTimeout(ctx, o.PushWait)
	defer cancel()
	began := time.Now()
	var seen pushView
	for {
		view, err := o.viewPush(ctx, c, open)
		switch {
		case err != nil && ctx.Err() == nil:
			return o.unproven(p, "whether Hue pushed can't be seen", Cause{Cause: sentence(err.Error()), Remedy: "Make sure that pods and their logs in namespace " + o.Namespace + ", and the repository's images, may be read."})
		case err == nil:
			seen = view
		}
		p.Evidence = o.pushEvidence(c, seen)
		late := time.Since(began) >= o.PushWait-o.Poll
		switch {
		case seen.failure != nil && (seen.why.Terminal || late):
			return o.broken(p, "Hue's log has an error about the registry since the switch", seen.why)
		case seen.failure == nil && seen.newest != nil:
			return o.held(p, fmt.Sprintf("Hue pushed %d artifacts since the switch, the newest at %s", seen.pushes, seen.newest.PushedAt.UTC().Format(time.RFC3339)))
		}
		select {
		case <-ctx.Done():
			return o.noPush(ctx, p)
		case <-time.After(o.Poll):
		}
	}
}

func (o *Options) noPush(ctx context.Context, p report.Proof) report.Proof {
	if !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return o.unproven(p, "the wait for a push was ended", Cause{Cause: "The wait was ended before it was decided: " + sentence(context.Cause(ctx).Error()) + ".", Remedy: "Run `palette-ecr validate` again."})
	}
	return o.unproven(p, "Hue pushed nothing since the switch, and reported no error", Cause{
		Cause: "No workload changed since " + o.SwitchedAt.UTC().Format(time.RFC3339) + ", so Hue had nothing to push.", Remedy: "Change or redeploy any workload, then run `palette-ecr validate` again.",
	})
}

func (o *Options) pushEvidence(c *cluster.Cluster, seen pushView) []report.Evidence {
	log := report.Evidence{Object: fmt.Sprintf("log of Deployment %s/%s on %s", o.Namespace, o.Hue, c.Name), Seen: fmt.Sprintf("%d lines about the registry, no error", seen.lines), OK: true}
	if seen.failure != nil {
		log.Seen, log.OK = sentence(seen.failure.text), false
	}
	images := report.Evidence{Object: o.Destination.URL(), Seen: "nothing was pushed since " + o.SwitchedAt.UTC().Format(time.RFC3339)}
	if seen.newest != nil {
		images.Seen = fmt.Sprintf("%s %s, pushed %s", strings.Join(seen.newest.Tags, " "), seen.newest.Digest, seen.newest.PushedAt.UTC().Format(time.RFC3339))
		images.OK = true
	}
	return []report.Evidence{images, log}
}

// viewPush looks once.
func (o *Options) viewPush(ctx context.Context, c *cluster.Cluster, open logs) (pushView, error) {
	view := pushView{}
	if o.Images == nil {
		return view, errors.New("looking for pushed images: no way to see the destination was given")
	}
	images, err := o.Images(ctx)
	if err != nil {
		return view, err
	}
	for i, image := range images {
		if !image.PushedAt.After(o.SwitchedAt) {
			continue
		}
		view.pushes++
		if view.newest == nil || image.PushedAt.After(view.newest.PushedAt) {
			view.newest = &images[i]
		}
	}
	running, err := o.huePods(ctx, c)
	if err != nil {
		return view, err
	}
	for _, pod := range running {
		for _, container := range pod.Spec.Containers {
			if err := o.readLog(ctx, pod, container.Name, open, &view); err != nil {
				return view, fmt.Errorf("reading the log of pod %s/%s: %w", pod.Namespace, pod.Name, err)
			}
		}
	}
	o.forgive(&view)
	return view, nil
}

func (o *Options) huePods(ctx context.Context, c *cluster.Cluster) ([]corev1.Pod, error) {
	var d appsv1.Deployment
	if err := c.Client.Get(ctx, client.ObjectKey{Namespace: o.Namespace, Name: o.Hue}, &d); err != nil {
		return nil, fmt.Errorf("reading Deployment %s/%s on cluster %q: %w", o.Namespace, o.Hue, c.Name, err)
	}
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return nil, fmt.Errorf("reading the selector of Deployment %s/%s: %w", o.Namespace, o.Hue, err)
	}
	var list corev1.PodList
	if err := c.Client.List(ctx, &list, client.InNamespace(o.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, fmt.Errorf("listing the pods of Deployment %s/%s on cluster %q: %w", o.Namespace, o.Hue, c.Name, err)
	}
	// A pod from before the switch has the old settings: what it says on its way out does not count.
	return slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool {
		return pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodPending
	}), nil
}

func (o *Options) readLog(ctx context.Context, pod corev1.Pod, container string, open logs, view *pushView) error {
	stream, err := open(ctx, pod, container)
	if err != nil {
		return err
	}
	defer stream.Close()
	reader := bufio.NewReader(stream)
	for {
		text, err := reader.ReadString('\n')
		if text != "" {
			view.take(parseLine(text), o)
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
func (v *pushView) take(l line, o *Options) {
	if !l.concern || (!l.time.IsZero() && l.time.Before(o.SwitchedAt)) {
		return
	}
	v.lines++
	if !l.failed {
		return
	}
	why := o.explain(l.text)
	if why.ID == "" && !pushing.MatchString(l.text) && !strings.Contains(l.text, o.Destination.Registry.Host) {
		return // an error, but neither of a known kind nor about a push or this registry
	}
	if v.failure == nil || why.Terminal || !v.why.Terminal {
		v.failure, v.why = &l, why
	}
}

// forgive drops an error that passes by itself, such as a lost connection, once a push came after it.
func (o *Options) forgive(v *pushView) {
	if v.failure != nil && !v.why.Terminal && v.newest != nil && !v.failure.time.IsZero() && v.newest.PushedAt.After(v.failure.time) {
		v.failure = nil
	}
}
