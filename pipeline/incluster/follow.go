package incluster

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// follower watches one Job, and says what its pods say.
type follower struct {
	Launcher
	job   *batchv1.Job
	order Order

	listening sync.WaitGroup
	heard     map[types.UID]bool
	ran       map[types.UID]corev1.Pod // as last seen: a pod that is deleted takes with it what it came to
	since     time.Time                // when no pod has run yet: since then
	why       string                   // that the Job could not make a pod
}

// follow waits until a Job has ended, and returns what its pods came to.
func (l Launcher) follow(ctx context.Context, job *batchv1.Job, order Order) (Outcome, error) {
	f := &follower{Launcher: l, job: job, order: order, heard: map[types.UID]bool{}, ran: map[types.UID]corev1.Pod{}, since: time.Now()}
	defer f.listening.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before the wait: whoever listens stops
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		pods, ended, err := f.look(ctx)
		if err != nil {
			return Outcome{}, err
		}
		if ended {
			f.hearOut()
			return f.collect(pods)
		}
		select {
		case <-ctx.Done():
			return Outcome{}, f.explain(ctx.Err(), "waiting for Job "+f.job.Name)
		case <-every.C:
		}
	}
}

// look reads the Job and its pods once.
func (f *follower) look(ctx context.Context) (pods []corev1.Pod, ended bool, err error) {
	var all corev1.PodList
	err = f.Cluster.Client.List(ctx, &all, client.InNamespace(f.Namespace), client.MatchingLabels{batchv1.JobNameLabel: f.job.Name})
	if err == nil {
		err = f.Cluster.Client.Get(ctx, client.ObjectKeyFromObject(f.job), f.job)
	}
	if err != nil {
		return nil, false, f.explain(err, "looking at Job "+f.job.Name)
	}
	running := false
	for i := range all.Items {
		pod := &all.Items[i]
		if pod.Status.Phase != corev1.PodPending {
			running = true
			f.ran[pod.UID] = *pod
			f.listen(ctx, pod)
			continue
		}
		if message, hopeless := cluster.Waiting(*pod); hopeless {
			return nil, false, fault.New(fault.Failed, "check that the cluster's nodes can pull --image, and that hue's imagePullSecrets hold for it", "copying inside cluster %q: %s", f.Cluster.Name, message)
		}
	}
	for _, c := range f.job.Status.Conditions {
		if c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) {
			return all.Items, true, nil
		}
	}
	if len(all.Items) == 0 {
		f.sayWhyNone(ctx)
	}
	if running {
		f.since = time.Now()
	} else if f.Timeout > 0 && time.Since(f.since) > f.Timeout {
		return nil, false, f.explain(fmt.Errorf("no pod runs after %s%s", f.Timeout, f.waiting(all.Items)), "waiting for Job "+f.job.Name)
	}
	return all.Items, false, nil
}

// waiting is what pods wait for.
func (f *follower) waiting(pods []corev1.Pod) string {
	for _, pod := range pods {
		if message, _ := cluster.Waiting(pod); message != "" {
			return ": " + message
		}
	}
	if len(pods) == 0 && f.why != "" {
		return ": the Job has made none: " + f.why
	}
	if len(pods) == 0 {
		return ": the Job has made none; a quota or an admission policy may be in the way"
	}
	return ""
}

// sayWhyNone says why the Job can't make a pod, when Kubernetes has said so: a quota, an admission policy. It may pass. Not
// being allowed to read events is no reason to fail.
func (f *follower) sayWhyNone(ctx context.Context) {
	var events corev1.EventList
	if f.Cluster.Client.List(ctx, &events, client.InNamespace(f.Namespace), client.MatchingFields{"involvedObject.name": f.job.Name}) != nil {
		return
	}
	for _, e := range events.Items {
		if e.Reason == "FailedCreate" && e.Message != f.why {
			f.why = e.Message
			f.Progress.Say("Job %s can't make a pod: %s", f.job.Name, e.Message)
		}
	}
}

// clock stands before each line of progress; the launcher has its own.
var clock = regexp.MustCompile(`^\s*\d+:\d\d\s+`)

// listen repeats what a pod says. A log that can't be read is no reason to fail.
func (f *follower) listen(ctx context.Context, pod *corev1.Pod) {
	if f.heard[pod.UID] {
		return
	}
	f.heard[pod.UID] = true
	who := "copy"
	if f.order.Shards > 1 {
		who = "shard " + copy.Shard{Index: index(pod), Of: f.order.Shards}.String()
	}
	f.listening.Go(func() {
		stream, err := f.Cluster.Clientset.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Follow: true}).Stream(ctx)
		if err != nil {
			if ctx.Err() == nil {
				f.Progress.Say("%s: what pod %s says can't be read (%s)", who, pod.Name, apierrors.ReasonForError(err))
			}
			return
		}
		defer stream.Close() //nolint:errcheck // it was only read
		lines := bufio.NewScanner(stream)
		for lines.Scan() {
			f.Progress.Say("%s: %s", who, clock.ReplaceAllString(lines.Text(), ""))
		}
	})
}

// hearOut gives pods that have ended a moment to be heard to the end.
func (f *follower) hearOut() {
	silence := make(chan struct{})
	go func() { f.listening.Wait(); close(silence) }()
	select {
	case <-silence:
	case <-time.After(5 * time.Second):
	}
}

// collect puts together what pods came to, each shard by the pod that did it.
func (f *follower) collect(pods []corev1.Pod) (Outcome, error) {
	shards := max(f.order.Shards, 1)
	ended, silent := make([]*corev1.Pod, shards), make([]int, shards)
	earlier := make([]Outcome, shards) // of pods that were told to end: what they sent counts too
	put := func(at int, pod *corev1.Pod) {
		if said, err := f.outcome(at, pod); err != nil && len(said.Counts) == 0 {
			silent[at]++
		} else {
			earlier[at] = earlier[at].and(Outcome{Counts: sent(said.Counts)})
		}
	}
	there := map[types.UID]bool{}
	for i := range pods {
		pod := &pods[i]
		there[pod.UID] = true
		at := index(pod)
		switch {
		case at >= shards:
		case ended[at] == nil:
			ended[at] = pod
		case later(pod, ended[at]):
			put(at, ended[at])
			ended[at] = pod
		default:
			put(at, pod)
		}
	}
	for uid, pod := range f.ran {
		if at := index(&pod); !there[uid] && at < shards {
			put(at, &pod)
		}
	}
	var all Outcome
	var failures []error
	for i, pod := range ended {
		outcome, err := f.outcome(i, pod)
		if silent[i] > 0 {
			outcome.Notes = append(outcome.Notes, fmt.Sprintf("%s of part %d said nothing when it was killed: of blobs and bytes at least what is counted was copied", report.Counted(silent[i], "pod"), i+1))
		}
		outcome = outcome.and(earlier[i])
		if shards > 1 {
			outcome.Counts = maps.Clone(outcome.Counts)
			delete(outcome.Counts, "manifests") // what several shards need would count several times
			delete(outcome.Counts, "blobs")
		}
		if all = all.and(outcome); shards == 1 {
			all.Proof = outcome.Proof
		}
		if err != nil {
			failures = append(failures, err)
		}
	}
	if shards > 1 {
		all.Summary = all.ofShards(shards)
	}
	if len(failures) > 0 {
		return all, fault.New(fault.CodeOf(failures[0]), fault.RemedyOf(failures[0]), "copying inside cluster %q: %w", f.Cluster.Name, errors.Join(failures...))
	}
	return all, nil
}

// sent are the counts of what was done, without those of what there is.
func sent(counts map[string]int64) map[string]int64 {
	done := maps.Clone(counts)
	for _, what := range []string{"tags", "manifests", "blobs"} {
		delete(done, what)
	}
	return done
}

// later reports whether one pod's end counts more than another's: who did well, else who came later.
func later(pod, than *corev1.Pod) bool {
	if well, was := pod.Status.Phase == corev1.PodSucceeded, than.Status.Phase == corev1.PodSucceeded; well != was {
		return well
	}
	return than.CreationTimestamp.Before(&pod.CreationTimestamp)
}

// outcome reads what a pod left when it ended.
func (f *follower) outcome(shard int, pod *corev1.Pod) (Outcome, error) {
	wrong := func(err error) error { return fault.New(fault.Failed, f.remedy(err), "shard %d: %w", shard+1, err) }
	if pod == nil {
		return Outcome{}, wrong(errors.New("there is no pod of it"))
	}
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Terminated == nil {
			continue
		}
		var said Outcome
		if err := json.Unmarshal([]byte(s.State.Terminated.Message), &said); err != nil {
			return said, fault.New(fault.Failed, fmt.Sprintf("check that %s is palette-ecr of this version, then run it again: what has arrived stays; or copy without --in-cluster", f.Options.Image),
				"shard %d: pod %s ended with exit code %d (%s): %s", shard+1, pod.Name, s.State.Terminated.ExitCode, s.State.Terminated.Reason, s.State.Terminated.Message)
		}
		return said, said.Err()
	}
	return Outcome{}, wrong(fmt.Errorf("pod %s is %s: %s", pod.Name, pod.Status.Phase, pod.Status.Message))
}
