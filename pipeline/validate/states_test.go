package validate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// A state is one OCIRepository of a workload, as it can be found after the switch. safe says whether Zot could go
// as far as this object goes.
type objectState struct {
	name   string
	change func(*sourcev1.OCIRepository) // of one that is as it should be
	handle func(*sourcev1.OCIRepository) // what source-controller makes of the request; nil: it handles none
	safe   bool
}

const other = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

func states() []objectState {
	type r = *sourcev1.OCIRepository
	same := func(r) {}
	spec := func(f func(*sourcev1.OCIRepositorySpec)) func(r) { return func(o r) { f(&o.Spec) } }
	url := func(to string) func(r) { return spec(func(s *sourcev1.OCIRepositorySpec) { s.URL = to }) }
	revision := func(to string) func(r) { return func(o r) { fetched(o, to) } }
	says := func(message string) func(r) { return func(o r) { failed(o, message) } }
	condition := func(kind string, status metav1.ConditionStatus, reason, message string) func(r) {
		return func(o r) {
			fetched(o, "v1@"+digestA)
			o.Status.Conditions = append(o.Status.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: o.Generation})
		}
	}
	return []objectState{
		{"tag, as it should be", same, asItIs, true},
		{"digest pinned", func(o r) { o.Spec.Reference = &sourcev1.OCIRepositoryRef{Digest: digestB}; fetched(o, digestB) }, asItIs, true},
		{"semver", func(o r) { o.Spec.Reference = &sourcev1.OCIRepositoryRef{SemVer: ">=1"} }, asItIs, true},
		{"failed before the switch, fetches now", says(denied), revision("v1@" + digestA), true},
		{"not yet observed, observed after the request", func(o r) { o.Status.ObservedGeneration = 1 }, revision("v1@" + digestA), true},
		{"with a ServiceAccount that has no pull secrets", spec(func(s *sourcev1.OCIRepositorySpec) { s.ServiceAccountName = "clean" }), asItIs, true},
		{"verified", spec(func(s *sourcev1.OCIRepositorySpec) {
			s.Verify = &sourcev1.OCIRepositoryVerification{Provider: "cosign"}
		}), condition(sourcev1.SourceVerifiedCondition, metav1.ConditionTrue, "Succeeded", "verified"), true},
		{"copies a layer", spec(func(s *sourcev1.OCIRepositorySpec) { s.LayerSelector = &sourcev1.OCILayerSelector{Operation: "copy"} }), asItIs, true},

		{"the hub's address of Zot", url(zot), asItIs, false},
		{"the spoke's own address of Zot", url(nodePort), asItIs, false},
		{"Zot's Service without the cluster domain", url("oci://zot.mural-system.svc:5000/mural-workloads"), asItIs, false},
		{"Zot's Service, short", url("oci://zot.mural-system:5000/mural-workloads"), asItIs, false},
		{"Zot's cluster IP", url("oci://10.96.0.9:5000/mural-workloads"), asItIs, false},
		{"Zot's Ingress", url("oci://zot.example.com/mural-workloads"), asItIs, false},
		{"another repository of Zot", url("oci://zot.mural-system.svc:5000/charts/shop"), asItIs, false},
		{"Zot, suspended", func(o r) { o.Spec.URL = zot; o.Spec.Suspend = true }, asItIs, false},
		{"suspended", spec(func(s *sourcev1.OCIRepositorySpec) { s.Suspend = true }), asItIs, false},
		{"secretRef left", spec(func(s *sourcev1.OCIRepositorySpec) { s.SecretRef = &meta.LocalObjectReference{Name: "zot"} }), asItIs, false},
		{"certSecretRef of Zot left", spec(func(s *sourcev1.OCIRepositorySpec) { s.CertSecretRef = &meta.LocalObjectReference{Name: "ca"} }), asItIs, false},
		{"proxySecretRef of Zot left", spec(func(s *sourcev1.OCIRepositorySpec) { s.ProxySecretRef = &meta.LocalObjectReference{Name: "p"} }), asItIs, false},
		{"ServiceAccount with imagePullSecrets", spec(func(s *sourcev1.OCIRepositorySpec) { s.ServiceAccountName = "puller" }), asItIs, false},
		{"ServiceAccount that is missing", spec(func(s *sourcev1.OCIRepositorySpec) { s.ServiceAccountName = "gone" }), asItIs, false},
		{"provider generic", spec(func(s *sourcev1.OCIRepositorySpec) { s.Provider = "generic" }), asItIs, false},
		{"provider empty", spec(func(s *sourcev1.OCIRepositorySpec) { s.Provider = "" }), asItIs, false},

		{"Ready, but the request is not handled", same, nil, false},
		{"Ready for an older generation", func(o r) { o.Status.Conditions[0].ObservedGeneration = 1 }, asItIs, false},
		{"older generation observed", func(o r) { o.Status.ObservedGeneration = 1 }, asItIs, false},
		{"no condition at all", func(o r) { o.Status.Conditions = nil }, asItIs, false},
		{"Ready unknown, reconciling", func(o r) { o.Status.Conditions[0].Status = metav1.ConditionUnknown }, asItIs, false},
		{"Ready without an artifact", func(o r) { o.Status.Artifact = nil }, asItIs, false},
		{"never reconciled", func(o r) { o.Status = sourcev1.OCIRepositoryStatus{} }, nil, false},

		{"its digest is not in ECR", same, revision("v1@" + other), false},
		{"pinned digest is not in ECR", same, revision(other), false},
		{"its tag names another digest in ECR", same, revision("v1@" + digestB), false},
		{"its tag is not in ECR", same, revision("v9@" + digestA), false},
		{"fetch fails, old artifact stored, Ready still true", same, condition(sourcev1.FetchFailedCondition, metav1.ConditionTrue, "OCIArtifactPullFailed", denied), false},
		{"storage fails, Ready still true", same, condition(sourcev1.StorageOperationFailedCondition, metav1.ConditionTrue, "StorageOperationFailed", "no space left on device"), false},
		{"stalled, Ready still true", same, condition(meta.StalledCondition, metav1.ConditionTrue, "URLInvalid", "invalid URL"), false},
		{"signature is missing, Ready still true", same, condition(sourcev1.SourceVerifiedCondition, metav1.ConditionFalse, "VerificationError", "no matching signatures were found"), false},
		{"access is denied", same, says(denied), false},
	}
}

// kubectlWaits is what `kubectl wait --for=condition=Ready` says of an object (kubectl pkg/cmd/wait/condition.go): the
// condition's status, unless the generation that it, or else the object's status, has observed is an older one.
func kubectlWaits(r *sourcev1.OCIRepository) bool {
	c := apimeta.FindStatusCondition(r.Status.Conditions, meta.ReadyCondition)
	if c == nil {
		return false
	}
	observed := c.ObservedGeneration
	if observed == 0 {
		observed = r.Status.ObservedGeneration
	}
	return observed >= r.Generation && c.Status == metav1.ConditionTrue
}

// fluxGets is the column READY of `flux get sources oci`.
func fluxGets(r *sourcev1.OCIRepository) bool {
	return apimeta.IsStatusConditionTrue(r.Status.Conditions, meta.ReadyCondition)
}

func TestFortyStates(t *testing.T) {
	all := states()
	assert.Len(t, all, 40)
	assert.Len(t, slices.CompactFunc(slices.SortedFunc(slices.Values(all), func(a, b objectState) int { return strings.Compare(a.name, b.name) }), func(a, b objectState) bool { return a.name == b.name }), 40)
	wrong := map[string]int{}
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := workload(t, "checkout")
				s.change(r)
				puller := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "puller"}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "zot"}}}
				clean := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "clean"}}
				c, _ := fakeCluster(t, s.handle, r, puller, clean)
				c.Source = nodePort
				o := config(t)
				o.Zot.AddURL(zot)
				o.Zot.AddHost("10.96.0.9")
				o.Zot.AddHost("zot.example.com")
				p := Ready(t.Context(), c, o)
				if !assert.Equal(t, s.safe, p.Verdict == report.Held, p) {
					wrong["palette-ecr"]++
				}
				var after sourcev1.OCIRepository
				assert.NoError(t, c.Client.Get(t.Context(), client.ObjectKeyFromObject(r), &after))
				if kubectlWaits(&after) != s.safe {
					wrong["kubectl"]++
				}
				if fluxGets(&after) != s.safe {
					wrong["flux"]++
				}
			})
		})
	}
	assert.Zero(t, wrong["palette-ecr"])
	t.Logf("wrong verdicts of 40: palette-ecr %d, kubectl wait --for=condition=Ready %d, flux get sources oci %d", wrong["palette-ecr"], wrong["kubectl"], wrong["flux"])
	assert.Equal(t, "map[flux:28 kubectl:27]", fmt.Sprint(wrong), "docs/ready.md has these numbers")
}
