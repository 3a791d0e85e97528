package validate

import (
	"fmt"
	"strings"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Expectation is where every workload OCIRepository is to read from.
type Expectation struct {
	URL      string // exactly this
	Not      string // the URL that it is to have left
	NotHost  string // the registry that it is to have left, whatever the repository; empty: only that URL
	Provider string // empty: any; with one, a secretRef is wrong too, since Flux then ignores the provider
}

// finding is what one look at one OCIRepository showed.
type finding struct {
	state state
	seen  string // what it shows, for the report
	fault string // the controller's own message, where it failed
	why   *Cause // where it is known without a message
}

type state int

const (
	waiting  state = iota // not there yet; may become so
	failing               // the controller reports an error for the current generation
	hopeless              // no waiting helps
	settled               // as expected, but for what only the destination can tell
)

// concerns tells whether an OCIRepository is one of a workload: it names the registry that is left, or the
// repository that is reached. Others, such as the chart's own sources in public.ecr.aws/mural, do not count,
// nor does the canary of the proof beside, which is made and deleted meanwhile.
func (e Expectation) concerns(r *sourcev1.OCIRepository) bool {
	return r.Name != Canary && (r.Spec.URL == e.URL || e.left(r))
}

// left tells that it still names the registry that is left.
func (e Expectation) left(r *sourcev1.OCIRepository) bool {
	return (e.Not != "" && r.Spec.URL == e.Not) || (e.NotHost != "" && host(r.Spec.URL) == e.NotHost)
}

func host(url string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(url, "oci://"), "/")
	return name
}

// judge looks at one OCIRepository: generation first, then the conditions. requested is the value that it
// was asked to reconcile with; empty when it was not asked.
func (e Expectation) judge(r *sourcev1.OCIRepository, requested string) finding {
	switch {
	case e.left(r):
		return finding{state: waiting, seen: "it still names " + r.Spec.URL}
	case r.Spec.Suspend:
		return finding{state: hopeless, seen: "it is suspended", why: &Cause{
			ID: "suspended", Cause: "OCIRepository " + r.Namespace + "/" + r.Name + " is suspended, so nothing is known of it.", Terminal: true,
			Remedy: fmt.Sprintf("Run `flux resume source oci %s --namespace %s`.", r.Name, r.Namespace),
		}}
	case e.Provider != "" && r.Spec.SecretRef != nil:
		seen := fmt.Sprintf("it has secretRef %s, with which Flux ignores provider %s", r.Spec.SecretRef.Name, e.Provider)
		return finding{state: failing, seen: seen, why: &Cause{
			ID: "basic-auth-left", Cause: "The OCIRepositories still carry Zot's credentials as secretRef " + r.Spec.SecretRef.Name + ", and with a secretRef Flux ignores provider " + e.Provider + ".", Terminal: true,
			Remedy: "Remove basicAuth and basicAuthSecretName from hue and every spoke; `palette-ecr render` does both.",
		}}
	case e.Provider != "" && r.Spec.Provider != e.Provider:
		seen := fmt.Sprintf("its provider is %q, not %q", r.Spec.Provider, e.Provider)
		return finding{state: failing, seen: seen, why: &Cause{
			ID: "provider", Cause: fmt.Sprintf("The OCIRepositories have provider %q, with which source-controller asks AWS for no token.", r.Spec.Provider), Terminal: true,
			Remedy: "Set provider to " + e.Provider + " for hue and for every spoke; `palette-ecr render` does both.",
		}}
	}
	if failed := failure(r); failed != nil {
		if requested != "" && r.Status.LastHandledReconcileAt != requested {
			// It may be from before the pods had their identity: what counts is what comes of the request.
			return finding{state: waiting, seen: failed.seen + " (before the request to reconcile)"}
		}
		return *failed
	}
	ready := apimeta.FindStatusCondition(r.Status.Conditions, meta.ReadyCondition)
	switch {
	case r.Status.ObservedGeneration != r.Generation:
		return finding{state: waiting, seen: fmt.Sprintf("generation %d is not observed yet, only %d", r.Generation, r.Status.ObservedGeneration)}
	case requested != "" && r.Status.LastHandledReconcileAt != requested:
		return finding{state: waiting, seen: "the request to reconcile is not handled yet"}
	case ready == nil || ready.Status != metav1.ConditionTrue:
		return finding{state: waiting, seen: "it is not Ready yet"}
	case ready.ObservedGeneration != r.Generation:
		return finding{state: waiting, seen: fmt.Sprintf("it is Ready for generation %d, not %d", ready.ObservedGeneration, r.Generation)}
	case r.Status.Artifact == nil || r.Status.Artifact.Revision == "":
		return finding{state: waiting, seen: "it has no artifact yet"}
	}
	return finding{state: settled, seen: "Ready, " + r.Status.Artifact.Revision}
}

// failure gives what source-controller says of the current generation when it failed, also while an older
// artifact is still in its storage.
func failure(r *sourcev1.OCIRepository) *finding {
	for _, kind := range []string{meta.StalledCondition, sourcev1.FetchFailedCondition, sourcev1.StorageOperationFailedCondition} {
		c := apimeta.FindStatusCondition(r.Status.Conditions, kind)
		if c == nil || c.Status != metav1.ConditionTrue || c.ObservedGeneration != r.Generation {
			continue
		}
		found := finding{state: failing, seen: c.Reason + ": " + sentence(c.Message), fault: c.Message}
		if kind == meta.StalledCondition {
			found.state = hopeless
		}
		return &found
	}
	c := apimeta.FindStatusCondition(r.Status.Conditions, meta.ReadyCondition)
	if c != nil && c.Status == metav1.ConditionFalse && c.ObservedGeneration == r.Generation {
		return &finding{state: failing, seen: c.Reason + ": " + sentence(c.Message), fault: c.Message}
	}
	return nil
}
