package validate

import (
	"fmt"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// expectation is where every workload OCIRepository of a cluster is to read from.
type expectation struct {
	url      string            // exactly this
	left     func(string) bool // reports whether a URL names the registry that is to be left
	path     string            // of the repository that Hue writes, in the registry that is left; "" is any
	provider string            // "" is any; with one, what makes Flux ignore it is wrong too
	keepCert bool
	at       Cluster
}

// expectation is the one of a cutover: everything reads from the destination, nothing names Zot.
func (p prover) expectation() expectation {
	return expectation{
		url: p.Destination.URL(), provider: "aws", keepCert: p.KeepCert, at: p.at, path: pathOf(p.at.Source),
		left: func(url string) bool { return url == p.at.Source || p.Zot.Names(url) },
	}
}

// observation is what one look at one OCIRepository showed.
type observation struct {
	state   state
	seen    string // what it shows, for the report
	message string // the controller's own, where it failed
	why     *Cause // where it is known without a message
}

type state int

const (
	waiting  state = iota // not there yet; may become so
	failing               // the controller reports an error for the current generation
	hopeless              // no waiting helps
	settled               // as expected, but for what only the destination knows
)

// concerns reports whether an OCIRepository is one of a workload: it names the registry that is left, or the
// repository that is reached. Others, such as the chart's own sources in public.ecr.aws/mural, do not count,
// nor do the canaries of the proof beside, which are made and deleted meanwhile.
func (e expectation) concerns(r *sourcev1.OCIRepository) bool {
	return !isCanary(r) && (r.Spec.URL == e.url || e.left(r.Spec.URL))
}

// foreign reports whether an OCIRepository reads another repository of the registry that is left than the one that Hue
// writes: Hue will never move it.
func (e expectation) foreign(r *sourcev1.OCIRepository) bool {
	return e.path != "" && r.Spec.URL != e.url && pathOf(r.Spec.URL) != e.path
}

// judge looks at one OCIRepository: what it asks for first, then the generation, then the conditions. requested is the
// value that it was asked to reconcile with; empty when it was not asked.
func (e expectation) judge(r *sourcev1.OCIRepository, requested string) observation {
	if wrong := e.spec(r); wrong != nil {
		return *wrong
	}
	if failed := failure(r); failed != nil {
		if requested != "" && r.Status.LastHandledReconcileAt != requested {
			// It may be from before the pods had their identity: what counts is what comes of the request.
			return observation{state: waiting, seen: failed.seen + " (before the request to reconcile)"}
		}
		return *failed
	}
	ready := apimeta.FindStatusCondition(r.Status.Conditions, meta.ReadyCondition)
	switch {
	case r.Status.ObservedGeneration != r.Generation:
		return observation{state: waiting, seen: fmt.Sprintf("generation %d is not observed yet, only %d", r.Generation, r.Status.ObservedGeneration)}
	case requested != "" && r.Status.LastHandledReconcileAt != requested:
		return observation{state: waiting, seen: "the request to reconcile is not handled yet"}
	case ready == nil || ready.Status != metav1.ConditionTrue:
		return observation{state: waiting, seen: "it is not Ready yet"}
	case ready.ObservedGeneration != r.Generation:
		return observation{state: waiting, seen: fmt.Sprintf("it is Ready for generation %d, not %d", ready.ObservedGeneration, r.Generation)}
	case r.Status.Artifact == nil || r.Status.Artifact.Revision == "":
		return observation{state: waiting, seen: "it has no artifact yet"}
	}
	return observation{state: settled, seen: "Ready, " + r.Status.Artifact.Revision}
}

// spec returns what is wrong with what an OCIRepository asks for, whatever its status says.
func (e expectation) spec(r *sourcev1.OCIRepository) *observation {
	name := r.Namespace + "/" + r.Name
	wrong := func(s state, seen, id, cause, remedy string) *observation {
		return &observation{state: s, seen: seen, why: &Cause{ID: id, Cause: cause, Remedy: remedy, Terminal: true}}
	}
	switch {
	case r.Spec.URL != e.url && e.foreign(r):
		return wrong(failing, "it names "+r.Spec.URL+", another repository of the registry that is left", "foreign-repository",
			fmt.Sprintf("OCIRepository %s reads repository %s of the registry that is left, which Hue does not write, so nothing moves it.", name, pathOf(r.Spec.URL)),
			fmt.Sprintf("Copy that repository too (`palette-ecr copy --all-repositories`) and point the OCIRepository at it: `%s --namespace %s edit ocirepository %s`.", e.at.kubectl(), r.Namespace, r.Name))
	case r.Spec.URL != e.url:
		return &observation{state: waiting, seen: "it still names " + r.Spec.URL}
	case r.Spec.Suspend:
		return wrong(hopeless, "it is suspended", "suspended", "OCIRepository "+name+" is suspended, so nothing is known of it.",
			"Run `"+e.at.Flux("resume source oci %s --namespace %s", r.Name, r.Namespace)+"`.")
	case e.provider == "":
		return nil
	case r.Spec.SecretRef != nil:
		return wrong(failing, fmt.Sprintf("it has secretRef %s, with which Flux ignores provider %s", r.Spec.SecretRef.Name, e.provider), "basic-auth-left",
			"The OCIRepositories still carry Zot's credentials as secretRef "+r.Spec.SecretRef.Name+", and with a secretRef Flux ignores provider "+e.provider+".",
			"Remove basicAuth and basicAuthSecretName from hue and every spoke; `palette-ecr render` does both.")
	case r.Spec.Provider != e.provider:
		return wrong(failing, fmt.Sprintf("its provider is %q, not %q", r.Spec.Provider, e.provider), "provider",
			fmt.Sprintf("The OCIRepositories have provider %q, with which source-controller asks AWS for no token.", r.Spec.Provider),
			"Set provider to "+e.provider+" for hue and for every spoke; `palette-ecr render` does both.")
	case r.Spec.CertSecretRef != nil && !e.keepCert:
		return wrong(failing, "it has certSecretRef "+r.Spec.CertSecretRef.Name+", which was for Zot", "cert-left",
			fmt.Sprintf("OCIRepository %s still has certSecretRef %s: ECR's certificate is not signed by Zot's authority, and the Secret may go with Zot.", name, r.Spec.CertSecretRef.Name),
			"Remove certSecretName from hue and every spoke (`palette-ecr render` does), or say --keep-cert when it holds the authority of a proxy on the way to ECR.")
	case r.Spec.ProxySecretRef != nil && !e.keepCert:
		return wrong(failing, "it has proxySecretRef "+r.Spec.ProxySecretRef.Name+", which was for Zot", "cert-left",
			fmt.Sprintf("OCIRepository %s still has proxySecretRef %s, which was there to reach Zot.", name, r.Spec.ProxySecretRef.Name),
			"Remove proxySecretName from hue and every spoke (`palette-ecr render` does), or say --keep-cert when ECR is reached through that proxy.")
	}
	return nil
}

// failure returns what source-controller says of the current generation when it failed, also while an older
// artifact is still in its storage.
func failure(r *sourcev1.OCIRepository) *observation {
	failed := func(s state, c *metav1.Condition) *observation {
		return &observation{state: s, seen: c.Reason + ": " + sentence(c.Message), message: c.Reason + ": " + c.Message}
	}
	for _, kind := range []string{meta.StalledCondition, sourcev1.FetchFailedCondition, sourcev1.StorageOperationFailedCondition} {
		c := apimeta.FindStatusCondition(r.Status.Conditions, kind)
		if c == nil || c.Status != metav1.ConditionTrue || c.ObservedGeneration != r.Generation {
			continue
		}
		if kind == meta.StalledCondition {
			return failed(hopeless, c)
		}
		return failed(failing, c)
	}
	for _, kind := range []string{sourcev1.SourceVerifiedCondition, meta.ReadyCondition} {
		c := apimeta.FindStatusCondition(r.Status.Conditions, kind)
		if c != nil && c.Status == metav1.ConditionFalse && c.ObservedGeneration == r.Generation {
			return failed(failing, c)
		}
	}
	return nil
}
