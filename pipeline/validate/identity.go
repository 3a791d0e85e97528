package validate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
)

// identity is one way in which workloads of a cluster are fetched: whose identity, over what connection, with what
// check of the signature, and what of the artifact.
type identity struct {
	namespace string
	account   string
	cert      string
	proxy     string
	insecure  bool
	verify    string // as JSON: it is compared, and copied into the canary
	layer     string

	workloads int
	example   *sourcev1.OCIRepository // whose artifact the canary reads
}

// identities lists the distinct ways in which workloads are fetched, those of most workloads first. What has fetched
// nothing yet counts too, with an artifact of another.
func identities(workloads []sourcev1.OCIRepository) []identity {
	known := map[identity]*identity{}
	for i := range workloads {
		r := &workloads[i]
		key := identityOf(r)
		if known[key] == nil {
			fresh := key
			known[key] = &fresh
		}
		found := known[key]
		found.workloads++
		if found.example == nil && digestOf(r) != "" {
			found.example = r
		}
	}
	all := make([]identity, 0, len(known))
	for _, each := range known {
		all = append(all, *each)
	}
	slices.SortFunc(all, func(a, b identity) int {
		return cmp.Or(cmp.Compare(b.workloads, a.workloads), cmp.Compare(a.String(), b.String()), cmp.Compare(a.verify+a.layer, b.verify+b.layer))
	})
	return all
}

func identityOf(r *sourcev1.OCIRepository) identity {
	name := func(ref *meta.LocalObjectReference) string {
		if ref == nil {
			return ""
		}
		return ref.Name
	}
	asJSON := func(value any) string {
		text, err := json.Marshal(value)
		if err != nil || string(text) == "null" {
			return ""
		}
		return string(text)
	}
	return identity{
		namespace: r.Namespace, account: r.Spec.ServiceAccountName, insecure: r.Spec.Insecure,
		cert: name(r.Spec.CertSecretRef), proxy: name(r.Spec.ProxySecretRef), verify: asJSON(r.Spec.Verify), layer: asJSON(r.Spec.LayerSelector),
	}
}

// apply returns a canary the settings of the identity.
func (i identity) apply(spec *sourcev1.OCIRepositorySpec) {
	ref := func(name string) *meta.LocalObjectReference {
		if name == "" {
			return nil
		}
		return &meta.LocalObjectReference{Name: name}
	}
	spec.ServiceAccountName, spec.Insecure = i.account, i.insecure
	spec.CertSecretRef, spec.ProxySecretRef = ref(i.cert), ref(i.proxy)
	if i.verify != "" {
		_ = json.Unmarshal([]byte(i.verify), &spec.Verify) // it was made by identityOf
	}
	if i.layer != "" {
		_ = json.Unmarshal([]byte(i.layer), &spec.LayerSelector)
	}
}

// String says what is particular to the identity.
func (i identity) String() string {
	parts := []string{"namespace " + i.namespace}
	for _, each := range [][2]string{{"serviceAccountName", i.account}, {"certSecretRef", i.cert}, {"proxySecretRef", i.proxy}} {
		if each[1] != "" {
			parts = append(parts, each[0]+" "+each[1])
		}
	}
	for name, set := range map[string]bool{"insecure": i.insecure} {
		if set {
			parts = append(parts, name)
		}
	}
	if i.verify != "" {
		parts = append(parts, "verify")
	}
	if i.layer != "" {
		parts = append(parts, "layerSelector")
	}
	return strings.Join(parts, ", ")
}

// plain reports whether nothing of the identity is taken from its namespace: source-controller's own identity fetches.
func (i identity) plain() bool {
	return i.account == "" && i.cert == "" && i.proxy == "" && i.verify == ""
}

// choose keeps at most as many identities as canaries may be made. Of plain ones that differ by their namespace alone
// one is enough then. It also returns what to say of those that are left out, and whether any of them is of a kind that
// no canary tries.
func choose(all []identity, most int) (chosen []identity, said string, untried bool) {
	if len(all) <= most {
		return all, "", false
	}
	tried := map[identity]bool{}
	var rest []identity
	for _, each := range all {
		kind := identity{insecure: each.insecure, layer: each.layer}
		if each.plain() && tried[kind] {
			rest = append(rest, each)
			continue
		}
		if each.plain() {
			tried[kind] = true
		}
		chosen = append(chosen, each)
	}
	if len(chosen) > most {
		left := len(chosen) - most
		return chosen[:most], fmt.Sprintf("%d more ways to fetch were not tried, since at most %d canaries are made", left, most), true
	}
	filled := min(most-len(chosen), len(rest))
	chosen, rest = append(chosen, rest[:filled]...), rest[filled:]
	return chosen, fmt.Sprintf("%d more differ by their namespace alone, under source-controller's own identity", len(rest)), false
}

// digestOf returns the digest of what an OCIRepository fetched last, "" when it has fetched nothing. A revision is
// <tag>@<digest> or <digest>.
func digestOf(r *sourcev1.OCIRepository) string {
	if r.Status.Artifact == nil {
		return ""
	}
	revision := r.Status.Artifact.Revision
	return revision[strings.LastIndex(revision, "@")+1:]
}
