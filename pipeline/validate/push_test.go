package validate

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

var switched = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)

func hue() []client.Object {
	labels := map[string]string{"app": "hue"}
	return []client.Object{
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "hue"}, Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}}},
		&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "hue-1", Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "manager"}}}},
	}
}

func says(lines ...string) logs {
	return func(context.Context, corev1.Pod, string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(strings.Join(lines, "\n"))), nil
	}
}

func TestPush(t *testing.T) {
	at := func(seconds int) time.Time { return switched.Add(time.Duration(seconds) * time.Second) }
	before := ecr.Image{Digest: digestA, Tags: []string{"v1"}, PushedAt: at(-10)}
	after := ecr.Image{Digest: digestB, Tags: []string{"v2"}, PushedAt: at(10)}
	tests := map[string]struct {
		images  []ecr.Image
		log     []string
		verdict report.Verdict
		text    string // in cause, summary or remedy
	}{
		"pushed":                 {[]ecr.Image{before, after}, []string{`{"level":"info","msg":"pushed OCI artifact"}`}, report.Held, "Hue pushed 1 artifacts"},
		"copied only":            {[]ecr.Image{before}, []string{`{"level":"info","msg":"starting"}`}, report.Unproven, "Change or redeploy any workload"},
		"denied":                 {[]ecr.Image{before}, []string{`{"level":"error","msg":"failed to push OCI artifact","error":"DENIED: User: arn:aws:sts::1:assumed-role/palette-ecr/x is not authorized to perform: ecr:PutImage on resource: arn:aws:ecr:us-east-1:1:repository/p"}`}, report.Broken, "may not call ecr:PutImage"},
		"pushed, then denied":    {[]ecr.Image{after}, []string{`2026-11-21T04:00:20Z {"level":"error","msg":"push failed","error":"TAG_INVALID: tag is immutable"}`}, report.Broken, "immutable"},
		"passed by":              {[]ecr.Image{after}, []string{`2026-11-21T04:00:05Z {"level":"error","msg":"push failed","error":"dial tcp: i/o timeout"}`}, report.Held, "Hue pushed"},
		"did not pass by":        {[]ecr.Image{after}, []string{`2026-11-21T04:00:15Z {"level":"error","msg":"push failed","error":"dial tcp: i/o timeout"}`}, report.Broken, "connection to AWS"},
		"before the switch":      {[]ecr.Image{after}, []string{`2026-11-21T03:59:59Z {"level":"error","msg":"push failed","error":"401 Unauthorized"}`}, report.Held, "Hue pushed"},
		"another error":          {[]ecr.Image{after}, []string{`{"level":"error","msg":"dex is down"}`, `{"level":"error","msg":"Reconciler error","error":"Operation cannot be fulfilled on ocirepositories: the object has been modified"}`}, report.Held, "Hue pushed"},
		"the true cause is kept": {nil, []string{`{"level":"error","msg":"push failed","error":"403: not authorized to perform: ecr:PutImage"}`, `{"level":"error","msg":"push failed","error":"EOF"}`}, report.Broken, "ecr:PutImage"},
		"unknown push error":     {[]ecr.Image{after}, []string{`2026-11-21T04:00:15Z ERROR push failed for reasons of its own`}, report.Broken, "reasons of its own"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := fakeCluster(t, nil, hue()...)
			o := options(t)
			o.SwitchedAt = switched
			o.Settle = 100 * time.Millisecond
			o.Images = func(context.Context) ([]ecr.Image, error) { return test.images, nil }
			p := o.push(t.Context(), c, says(test.log...))
			require.Equal(t, test.verdict, p.Verdict, p)
			assert.Contains(t, p.Summary+p.Cause+p.Remedy, test.text)
			assert.Len(t, p.Evidence, 2)
		})
	}
}

func TestPushUnproven(t *testing.T) {
	c, _ := fakeCluster(t, nil, hue()...)
	o := options(t)
	p := o.push(t.Context(), c, says())
	assert.Equal(t, report.Unproven, p.Verdict)
	assert.Contains(t, p.Summary, "not known when Hue was switched")

	o.SwitchedAt = switched
	o.Images = func(context.Context) ([]ecr.Image, error) { return nil, errors.New("ecr:DescribeImages denied") }
	p = o.push(t.Context(), c, says())
	assert.Equal(t, report.Unproven, p.Verdict)
	assert.Contains(t, p.Cause, "ecr:DescribeImages denied")

	o = options(t)
	o.SwitchedAt = switched
	p = o.push(t.Context(), c, func(context.Context, corev1.Pod, string) (io.ReadCloser, error) {
		return nil, errors.New("logs forbidden")
	})
	assert.Equal(t, report.Unproven, p.Verdict)
	assert.Contains(t, p.Cause, "reading the log of pod mural-system/hue-1: logs forbidden")

	none, _ := fakeCluster(t, nil)
	p = o.push(t.Context(), none, says())
	assert.Equal(t, report.Unproven, p.Verdict)
}

func TestClustersEndsTheRestOnceOneFailed(t *testing.T) {
	objects := append(hue(), workload(t, "checkout"))
	c, _ := fakeCluster(t, asItIs, objects...)
	o := options(t)
	o.Timeout, o.PushWait = time.Minute, time.Minute
	o.Settle = 200 * time.Millisecond
	suspended := workload(t, "checkout")
	suspended.Spec.Suspend = true
	broken, _ := fakeCluster(t, asItIs, suspended)
	broken.Name = "spoke-1"
	start := time.Now()
	proofs := Clusters(t.Context(), c, []*cluster.Cluster{broken}, o)
	assert.Less(t, time.Since(start), 20*time.Second)
	require.Len(t, proofs, 5)
	names := []string{}
	for _, p := range proofs {
		names = append(names, p.Name+" "+p.Cluster)
	}
	assert.Equal(t, []string{"ready hub", "ready spoke-1", "pull hub", "pull spoke-1", "push hub"}, names)
	assert.Equal(t, report.Broken, proofs[1].Verdict)
	assert.Equal(t, report.Unproven, proofs[2].Verdict, "its wait was ended, so it proves nothing")
	assert.Contains(t, proofs[2].Cause, "another proof failed first")
}
