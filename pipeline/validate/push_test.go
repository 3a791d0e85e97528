package validate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

var switched = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)

func hue() []client.Object {
	labels := map[string]string{"app": "hue"}
	return []client.Object{
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "hue"}, Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}}},
		&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "hue-1", Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "manager"}}}, Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}},
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
	pushedB := `{"level":"info","msg":"pushed OCI artifact","digest":"` + digestB + `"}`
	tests := map[string]struct {
		images  []ecr.Image
		log     []string
		verdict report.Verdict
		text    string // in cause, summary or remedy
	}{
		"pushed":                 {[]ecr.Image{before, after}, []string{pushedB}, report.Held, "Hue pushed 1 artifact since"},
		"copied only":            {[]ecr.Image{before}, []string{`{"level":"info","msg":"starting"}`}, report.Unproven, "Change or redeploy any workload"},
		"denied":                 {[]ecr.Image{before}, []string{`{"level":"error","msg":"failed to push OCI artifact","error":"DENIED: User: arn:aws:sts::1:assumed-role/palette-ecr/x is not authorized to perform: ecr:PutImage on resource: arn:aws:ecr:us-east-1:1:repository/p"}`}, report.Broken, "may not call ecr:PutImage"},
		"pushed, then denied":    {[]ecr.Image{after}, []string{`2026-11-21T04:00:20Z {"level":"error","msg":"push failed","error":"TAG_INVALID: tag is immutable"}`}, report.Broken, "immutable"},
		"passed by":              {[]ecr.Image{after}, []string{pushedB, `2026-11-21T04:00:05Z {"level":"error","msg":"push failed","error":"dial tcp: i/o timeout"}`}, report.Held, "Hue pushed"},
		"did not pass by":        {[]ecr.Image{after}, []string{`2026-11-21T04:00:15Z {"level":"error","msg":"push failed","error":"dial tcp: i/o timeout"}`}, report.Broken, "connection to AWS"},
		"before the switch":      {[]ecr.Image{after}, []string{pushedB, `2026-11-21T03:59:59Z {"level":"error","msg":"push failed","error":"401 Unauthorized"}`}, report.Held, "Hue pushed"},
		"another error":          {[]ecr.Image{after}, []string{pushedB, `{"level":"error","msg":"dex is down"}`, `{"level":"error","msg":"Reconciler error","error":"Operation cannot be fulfilled on ocirepositories: the object has been modified"}`}, report.Held, "Hue pushed"},
		"the true cause is kept": {nil, []string{`{"level":"error","msg":"push failed","error":"403: not authorized to perform: ecr:PutImage"}`, `{"level":"error","msg":"push failed","error":"EOF"}`}, report.Broken, "ecr:PutImage"},
		"unknown push error":     {[]ecr.Image{after}, []string{`2026-11-21T04:00:15Z ERROR push failed for reasons of its own`}, report.Broken, "reasons of its own"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, _ := fakeCluster(t, nil, hue()...)
				o := config(t)
				o.SwitchedAt = switched
				o.Images = func(context.Context) ([]ecr.Image, error) { return test.images, nil }
				p := o.prover(report.ProofPush, c).push(t.Context(), nil, says(test.log...))
				require.Equal(t, test.verdict, p.Verdict, p)
				assert.Contains(t, p.Summary+p.Cause+p.Remedy, test.text)
				assert.Len(t, p.Evidence, 2)
			})
		})
	}
}

// A policy of a spoke that refuses hue's patch is not ECR's refusal, however hue writes it down.
func TestAnAdmissionPolicyIsNotECR(t *testing.T) {
	const at = "2026-11-21T04:00:15Z "
	for name, line := range map[string]string{
		"zap's JSON":         `{"level":"error","msg":"pointing OCIRepository at the registry","error":"admission webhook \"validate.kyverno.svc-fail\" denied the request: policy require-zot: 403 Forbidden"}`,
		"logfmt":             at + `level=error msg="pushing workload checkout to edge-1" err="admission webhook \"validate.kyverno.svc-fail\" denied the request: policy require-zot"`,
		"klog":               at + `E1121 04:00:15.000000 1 push.go:7] "Push failed" err="admission webhook \"validate.kyverno.svc-fail\" denied the request: DENIED: only oci://zot"`,
		"Kubernetes' own":    at + `ERROR push of checkout: ocirepositories.source.toolkit.fluxcd.io "checkout" is forbidden: ValidatingAdmissionPolicy 'only-zot' with binding 'b' denied request: no access denied`,
		"Kubernetes' quoted": `{"level":"error","msg":"push: patching","error":"ocirepositories.source.toolkit.fluxcd.io \"checkout\" is forbidden: ValidatingAdmissionPolicy 'only-zot' with binding 'b' denied request: DENIED"}`,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, _ := fakeCluster(t, nil, hue()...)
				o := config(t)
				o.SwitchedAt = switched
				o.Images = func(context.Context) ([]ecr.Image, error) { return nil, nil }
				p := o.prover(report.ProofPush, c).push(t.Context(), nil, says(line))
				require.Equal(t, report.Broken, p.Verdict, p)
				assert.Contains(t, p.Cause, "An admission policy of a cluster (")
				assert.Contains(t, p.Cause, "ECR has not refused anything")
				assert.Contains(t, p.Remedy, "Let the policy allow")
			})
		})
	}
}

func TestPushUnproven(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _ := fakeCluster(t, nil, hue()...)
		o := config(t)
		p := o.prover(report.ProofPush, c).push(t.Context(), nil, says())
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Contains(t, p.Summary, "not known when Hue was switched")

		o.SwitchedAt = switched
		o.Images = func(context.Context) ([]ecr.Image, error) { return nil, errors.New("ecr:DescribeImages denied") }
		p = o.prover(report.ProofPush, c).push(t.Context(), nil, says())
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Contains(t, p.Cause, "ecr:DescribeImages denied")

		o = config(t)
		o.SwitchedAt = switched
		p = o.prover(report.ProofPush, c).push(t.Context(), nil, func(context.Context, corev1.Pod, string) (io.ReadCloser, error) {
			return nil, errors.New("logs forbidden")
		})
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Contains(t, p.Cause, "reading the log of pod mural-system/hue-1: logs forbidden")

		none, _ := fakeCluster(t, nil)
		p = o.prover(report.ProofPush, none).push(t.Context(), nil, says())
		assert.Equal(t, report.Unproven, p.Verdict)
	})
}

func TestClustersEndsTheRestOnceOneFailed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		objects := append(hue(), workload(t, "checkout"))
		c, _ := fakeCluster(t, asItIs, objects...)
		o := config(t)
		suspended := workload(t, "checkout")
		suspended.Spec.Suspend = true
		broken, _ := fakeCluster(t, asItIs, suspended)
		broken.Name = "spoke-1"
		start := time.Now()
		proofs := Clusters(t.Context(), c, []Cluster{broken}, o).Proofs
		assert.LessOrEqual(t, time.Since(start), 3*o.Settle)
		require.Len(t, proofs, 5)
		names := []string{}
		for _, p := range proofs {
			names = append(names, p.Name+" "+p.Cluster)
		}
		assert.Equal(t, []string{"ready hub", "ready spoke-1", "pull hub", "pull spoke-1", "push hub"}, names)
		assert.Equal(t, report.Broken, proofs[1].Verdict)
		assert.Equal(t, report.Unproven, proofs[2].Verdict, "its wait was ended, so it proves nothing")
		assert.Contains(t, proofs[2].Cause, "another proof failed first")
	})
}

// Seen: with hue at 0 replicas, and an image that somebody else pushed, push held and Zot went.
func TestPushHoldsOnlyForWhatHuePushed(t *testing.T) {
	after := ecr.Image{Digest: digestB, Tags: []string{"v2"}, PushedAt: switched.Add(time.Minute)}
	wrote := func(manager string, at time.Time, fields string) func(*sourcev1.OCIRepository) {
		return func(r *sourcev1.OCIRepository) {
			r.Spec.Reference = &sourcev1.OCIRepositoryRef{Digest: digestB}
			r.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: manager, APIVersion: sourcev1.GroupVersion.String(), Operation: metav1.ManagedFieldsOperationUpdate, Time: &metav1.Time{Time: at}, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields)}}
		}
	}
	spec := `{"f:spec":{"f:ref":{"f:digest":{}}}}`
	later := switched.Add(30 * time.Second)
	const said = `{"level":"info","msg":"pushed OCI artifact","digest":"` + digestB + `"}`
	url := destination(t).URL()
	for name, test := range map[string]struct {
		log      []string
		workload func(*sourcev1.OCIRepository)
		ready    corev1.ConditionStatus
		replicas int32
		copied   []string
		verdict  report.Verdict
		text     string
	}{
		"log names the digest":          {[]string{said}, nil, "True", 1, nil, report.Held, "Hue's log"},
		"log names the tag":             {[]string{`{"level":"info","msg":"pushed","url":"` + url + `","tag":"v2"}`}, nil, "True", 1, nil, report.Held, "Hue's log"},
		"log names the reference":       {[]string{"INFO pushed " + url + ":v2 in 2s"}, nil, "True", 1, nil, report.Held, "Hue's log"},
		"log names another tag":         {[]string{`{"level":"info","msg":"pushed","url":"` + url + `","tag":"v1"}`}, nil, "True", 1, nil, report.Unproven, "somebody else may have pushed"},
		"log says it is up to date":     {[]string{`{"level":"info","msg":"OCI artifact is up to date","digest":"` + digestB + `"}`}, nil, "True", 1, nil, report.Unproven, "somebody else may have pushed"},
		"object that hue wrote":         {nil, wrote("hue", later, spec), "True", 1, nil, report.Held, "OCIRepository mural-system/checkout on hub"},
		"object from before the switch": {nil, wrote("hue", switched.Add(-time.Hour), spec), "True", 1, nil, report.Unproven, "somebody else may have pushed"},
		"object that another wrote":     {nil, wrote("kubectl-edit", later, spec), "True", 1, nil, report.Unproven, "somebody else may have pushed"},
		"only its annotations":          {nil, wrote("hue", later, `{"f:metadata":{}}`), "True", 1, nil, report.Unproven, "somebody else may have pushed"},
		"what copy wrote":               {[]string{said}, wrote("hue", later, spec), "True", 1, []string{digestB}, report.Unproven, "Hue had nothing to push"},
		"hue has no replicas":           {[]string{said}, nil, "False", 0, nil, report.Unproven, "Hue does not run"},
		"hue is not ready":              {[]string{said}, nil, "False", 1, nil, report.Unproven, "no pod that is ready: 1 are wanted"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				objects := hue()
				objects[0].(*appsv1.Deployment).Spec.Replicas = &test.replicas
				objects[1].(*corev1.Pod).Status.Conditions[0].Status = test.ready
				if test.workload != nil {
					r := workload(t, "checkout")
					test.workload(r)
					objects = append(objects, r)
				}
				c, _ := fakeCluster(t, nil, objects...)
				o := config(t)
				o.SwitchedAt, o.Copied = switched, test.copied
				o.Images = func(context.Context) ([]ecr.Image, error) { return []ecr.Image{after}, nil }
				p := o.prover(report.ProofPush, c).push(t.Context(), nil, says(test.log...))
				assert.Equal(t, test.verdict, p.Verdict, p)
				assert.Contains(t, fmt.Sprint(p), test.text)
			})
		})
	}
}

// Seen: spokes were asked one after the other, so a few slow ones took all the time that push has.
func TestPushAsksSpokesSideBySide(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hub, _ := fakeCluster(t, nil, hue()...)
		slow := interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			select {
			case <-time.After(20 * time.Second):
				return c.List(ctx, list, opts...)
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		var spokes []Cluster
		for _, name := range []string{"edge-1", "edge-2", "edge-3", "edge-4"} {
			r := workload(t, "checkout")
			if name == "edge-4" {
				r.Spec.Reference = &sourcev1.OCIRepositoryRef{Digest: digestB}
				r.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "hue", APIVersion: sourcev1.GroupVersion.String(), Operation: metav1.ManagedFieldsOperationUpdate, Time: &metav1.Time{Time: switched.Add(time.Minute)}, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:ref":{}}}`)}}
			}
			c := edge(t, name, nil, r)
			c.Client = interceptor.NewClient(c.Client, slow)
			spokes = append(spokes, c)
		}
		o := config(t)
		o.SwitchedAt = switched
		o.Images = func(context.Context) ([]ecr.Image, error) {
			return []ecr.Image{{Digest: digestB, Tags: []string{"v2"}, PushedAt: switched.Add(time.Minute)}}, nil
		}
		p := o.prover(report.ProofPush, hub).push(t.Context(), spokes, says())
		assert.Equal(t, report.Held, p.Verdict, p)
		assert.Contains(t, fmt.Sprint(p), "checkout on edge-4")
	})
}

func TestPushIsNamedByTheRemedyOfWhatFailed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _ := fakeCluster(t, nil, hue()...)
		o := config(t)
		o.SwitchedAt = switched
		o.Images = func(context.Context) ([]ecr.Image, error) {
			return nil, fault.New(fault.Failed, "log in to AWS again", "ExpiredTokenException: the security token has expired")
		}
		p := o.prover(report.ProofPush, c).push(t.Context(), nil, says())
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Equal(t, "log in to AWS again", p.Remedy, "expired credentials need no further right")
		ready := Ready(t.Context(), edge(t, "edge-1", fetchedA, workload(t, "checkout")), o)
		assert.Equal(t, report.Unproven, ready.Verdict)
		assert.Equal(t, "log in to AWS again", ready.Remedy)
	})
}
