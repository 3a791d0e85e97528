package validate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// mostLog is how much of one pod's log is read at most, in bytes.
const mostLog = 16 << 20

// Push proves that Hue writes to the destination: it runs, since the switch there is an image that Hue's own log or an
// OCIRepository that Hue wrote accounts for, and no error about the registry is in the log. What copy or anybody else
// wrote proves nothing. Neither a push nor an error is unproven: Hue may have had nothing to push.
func Push(ctx context.Context, hub Cluster, spokes []Cluster, config Config) report.Proof {
	p := config.prover(report.ProofPush, hub)
	return p.push(ctx, spokes, func(ctx context.Context, pod corev1.Pod, container string) (io.ReadCloser, error) {
		since := metav1.NewTime(p.SwitchedAt)
		most := int64(mostLog)
		return hub.Clientset.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
			Container: container, SinceTime: &since, Timestamps: true, LimitBytes: &most,
		}).Stream(ctx)
	})
}

// pusher waits for a push.
type pusher struct {
	prover
	fleet []Cluster // the hub first
	open  logs
}

// pushView is what one look at the destination, at Hue and at its log showed.
type pushView struct {
	accounted []accounted // images pushed since the switch that are Hue's, the newest first
	others    int         // images pushed since the switch that nothing says are Hue's
	hue       hueState
	log       logView
}

// accounted is an image that Hue pushed, and what says so.
type accounted struct {
	image ecr.Image
	by    string
}

func (p prover) push(ctx context.Context, spokes []Cluster, open logs) report.Proof {
	if p.SwitchedAt.IsZero() {
		return p.unproven("it is not known when Hue was switched to the destination", Cause{
			Cause: "No cutover by palette-ecr is on record, so a push before it looks like one after it.", Remedy: "Run `palette-ecr deploy`, then `palette-ecr validate`.",
		})
	}
	w := pusher{prover: p, fleet: append([]Cluster{p.at}, spokes...), open: open}
	ctx, cancel := context.WithTimeout(ctx, p.PushWait)
	defer cancel()
	began := time.Now()
	var seen pushView
	for {
		view, err := w.look(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			return p.unproven("whether Hue pushed can't be seen", w.blind(err), w.evidence(seen)...)
		case err == nil:
			seen = view
		}
		late := time.Since(began) >= p.PushWait-p.Poll
		switch failure := seen.log.failure; {
		case failure != nil && (seen.log.why.Terminal || late):
			return p.failed("Hue's log has an error about the registry since the switch", seen.log.why, w.evidence(seen)...)
		case failure == nil && len(seen.accounted) > 0 && seen.hue.ready > 0:
			return p.held(fmt.Sprintf("Hue pushed %s since the switch, the newest at %s", report.Counted(len(seen.accounted), "artifact"),
				seen.accounted[0].image.PushedAt.UTC().Format(time.RFC3339)), w.evidence(seen)...)
		}
		select {
		case <-ctx.Done():
			return w.none(ctx, seen)
		case <-time.After(p.Poll):
		}
	}
}

// blind is the cause of what can't be seen.
func (w pusher) blind(err error) Cause {
	var images *imagesError
	if errors.As(err, &images) {
		return w.unseen(images.error)
	}
	return Cause{Cause: sentence(err.Error()), Remedy: "Make sure that Deployments, pods and their logs in namespace " + w.Namespace + " may be read."}
}

// imagesError says that it is the destination that can't be looked into.
type imagesError struct{ error }

func (e *imagesError) Unwrap() error { return e.error }

// none is the proof when no push came.
func (w pusher) none(ctx context.Context, seen pushView) report.Proof {
	evidence := w.evidence(seen)
	switch {
	case !timedOut(ctx):
		return w.ended(ctx, "the wait for a push was ended", evidence...)
	case seen.hue.looked && seen.hue.ready == 0:
		return w.unproven("Hue does not run, so it pushes nothing", Cause{
			Cause:  fmt.Sprintf("Deployment %s/%s has no pod that is ready: %d are wanted.", w.Namespace, w.Hue, seen.hue.wanted),
			Remedy: fmt.Sprintf("Look at `%s --namespace %s describe deployment %s`, let it run, then run `palette-ecr validate` again.", w.at.kubectl(), w.Namespace, w.Hue),
		}, evidence...)
	case seen.others > 0:
		return w.unproven("nothing that was pushed since the switch is known to be Hue's", Cause{
			Cause:  fmt.Sprintf("%s in %s newer than the switch, but neither Hue's log nor an OCIRepository that Hue wrote since names them: somebody else may have pushed.", report.Counted(seen.others, "image"), w.Destination.URL()),
			Remedy: "Change or redeploy any workload, then run `palette-ecr validate` again.",
		}, evidence...)
	}
	return w.unproven("Hue pushed nothing since the switch, and reported no error", Cause{
		Cause: "No workload changed since " + w.SwitchedAt.UTC().Format(time.RFC3339) + ", so Hue had nothing to push.", Remedy: "Change or redeploy any workload, then run `palette-ecr validate` again.",
	}, evidence...)
}

func (w pusher) evidence(seen pushView) []report.Evidence {
	log := report.Evidence{Object: fmt.Sprintf("log of Deployment %s/%s on %s", w.Namespace, w.Hue, w.at.Name), Seen: fmt.Sprintf("%d lines about the registry, no error", seen.log.lines), OK: true}
	if seen.log.failure != nil {
		log.Seen, log.OK = sentence(seen.log.failure.text), false
	}
	images := report.Evidence{Object: w.Destination.URL(), Seen: "Hue pushed nothing since " + w.SwitchedAt.UTC().Format(time.RFC3339)}
	if len(seen.accounted) > 0 {
		newest := seen.accounted[0]
		images.Seen = fmt.Sprintf("%s %s, pushed %s, known from %s", strings.Join(newest.image.Tags, " "), newest.image.Digest, newest.image.PushedAt.UTC().Format(time.RFC3339), newest.by)
		images.OK = true
	}
	return []report.Evidence{images, log}
}
