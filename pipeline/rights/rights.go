// Package rights knows every right in a cluster that a stage needs, finds out which of them are missing before anything
// is touched, and writes the Role that would give them.
package rights

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Right is one verb on one resource.
type Right struct {
	Verb      string
	Group     string // of the API; empty is core
	Resource  string // plural, with a subresource: pods/log
	Namespace string // empty: in all namespaces, or a resource of the cluster
	Name      string // empty: whatever the name

	Stage string // the first that needs it
	// Unless are rights that do instead, all of them: who has every right of a Role may create it without escalate.
	Unless []Right
}

// String is the right as kubectl writes it: patch deployments.apps in namespace mural-system.
func (r Right) String() string {
	resource, sub, _ := strings.Cut(r.Resource, "/")
	if r.Group != "" {
		resource += "." + r.Group
	}
	if sub != "" {
		resource += "/" + sub
	}
	text := r.Verb + " " + resource
	if r.Name != "" {
		text += " " + r.Name
	}
	if r.Namespace != "" {
		text += " in namespace " + r.Namespace
	}
	return text
}

// Options say what a run does where.
type Options struct {
	Namespace     string   // of the release
	Storage       string   // of Helm's records; empty is Namespace
	Flux          bool     // Flux applies the release
	FluxNamespace string   // of its HelmRelease; empty is Namespace
	SourceIn      string   // namespace of the source registry's Service; empty: it is outside the cluster
	Stages        []string // empty is every stage
	InCluster     bool     // pods copy
	Prepare       bool     // source-controller of each spoke is given its IAM role

	// Searched are the kinds that may name Zot, as the cluster has them (unused.Kinds). Without them it is every kind of
	// the groups, which only a wildcard gives.
	Searched []schema.GroupResource
	Install  bool // the release may not be there yet
}

// need is one line of the table.
type need struct {
	verbs    string // with blanks between
	group    string
	resource string // likewise
	in       string // namespace; empty is all
	name     string
}

const (
	flux  = "source.toolkit.fluxcd.io"
	helm  = "helm.toolkit.fluxcd.io"
	fleet = "fleetconfig.open-cluster-management.io"
)

// Hub returns the rights that stages need on the hub, apart from those for the chart's own objects (Objects).
func Hub(o Options) []Right {
	if o.Storage == "" {
		o.Storage = o.Namespace
	}
	if o.FluxNamespace == "" {
		o.FluxNamespace = o.Namespace
	}
	workloads := need{"list watch", flux, "ocirepositories", "", ""}
	records := need{"get list", "", "secrets", o.Storage, ""} // Helm's, and the Secrets that the registry settings name
	own := need{"get list", "", "secrets", o.Namespace, ""}   // the journal, the registry settings' Secrets
	rollout := []need{
		{"get list watch patch", "apps", "deployments", o.Namespace, ""},
		{"list watch", "", "pods", o.Namespace, ""},
		{"get", "", "serviceaccounts", o.Namespace, ""},
		{"get", "apps", "statefulsets", o.Namespace, ""},
	}
	writes := []need{ // what every stage that writes keeps beside the release
		{"create", "", "secrets", o.Namespace, ""},
		{"get update delete", "", "secrets", o.Namespace, "palette-ecr-journal"},
		{"create", "coordination.k8s.io", "leases", o.Namespace, ""},
		{"get update delete", "coordination.k8s.io", "leases", o.Namespace, "palette-ecr"},
	}
	connect := []need{ // what every live stage reads first: the release, who manages it, and the fleet
		records, own, workloads, {"list", helm, "helmreleases", "", ""}, {"list", "apps", "deployments", o.Namespace, ""},
		{"list", fleet, "fleetconfigs spokes", "", ""},
	}
	if o.SourceIn != "" { // every address of Zot
		connect = append(connect, need{"list", "", "services", o.SourceIn, ""}, need{"list", "", "nodes", "", ""}, need{"list", "networking.k8s.io", "ingresses", "", ""})
	}
	var apply []need
	if o.Flux {
		apply = []need{{"get update", helm, "helmreleases", o.FluxNamespace, ""}}
		if o.Install {
			apply = append(apply, need{"create", helm, "helmreleases", o.FluxNamespace, ""}, need{"create get", flux, "ocirepositories", o.FluxNamespace, ""})
		}
	} else {
		apply = []need{{"create update delete", "", "secrets", o.Storage, ""}, {"list", "apps", "replicasets", o.Namespace, ""}}
	}
	table := map[string][]need{
		"preflight": slices.Concat(connect, looked(), []need{
			{"list", "apps", "statefulsets", o.Namespace, ""}, {"list", "apps", "daemonsets", o.Namespace, ""}, {"list", "", "pods", o.Namespace, ""},
		}),
		"copy":   slices.Concat(connect, writes),
		"deploy": slices.Concat(connect, rollout, writes, apply),
		"validate": slices.Concat(connect, onSpoke(), searched(o), writes, []need{
			{"get list", "apps", "deployments", o.Namespace, ""}, {"list", "", "pods", o.Namespace, ""}, {"get", "", "pods/log", o.Namespace, ""},
		}),
		"disable-zot": slices.Concat(connect, rollout, writes, apply, onSpoke()),
	}
	if o.SourceIn != "" {
		forward := []need{{"get", "", "services", o.SourceIn, ""}, {"list", "", "pods", o.SourceIn, ""}, {"create", "", "pods/portforward", o.SourceIn, ""}}
		table["preflight"] = append(table["preflight"], forward...)
		table["copy"] = append(table["copy"], forward...)
		// Zot's own configuration says whether its catalog is whole.
		table["validate"] = slices.Concat(table["validate"], forward, []need{{"get", "", "configmaps secrets", o.SourceIn, ""}})
	}
	if o.InCluster {
		table["copy"] = append(table["copy"], need{"create list get patch delete", "batch", "jobs", o.Namespace, ""},
			need{"list", "", "pods", o.Namespace, ""}, need{"get", "", "pods/log", o.Namespace, ""}, need{"get", "apps", "deployments", o.Namespace, ""})
	}
	table["soak"] = table["validate"]
	return listed(table, o.Stages)
}

// onSpoke is what proofs about workloads need, on every cluster: they are listed, asked to reconcile, and canaries are
// made beside them, with the ServiceAccounts that they have.
func onSpoke() []need {
	return []need{
		{"get list watch patch create delete", flux, "ocirepositories", "", ""},
		{"get", "", "serviceaccounts", "", ""}, {"list", "apps", "deployments", "", ""},
	}
}

// looked is what preflight looks at in every cluster: source-controllers, and the ServiceAccounts of workloads.
func looked() []need {
	return []need{{"list", flux, "ocirepositories", "", ""}, {"list", "apps", "deployments", "", ""}, {"list", "", "serviceaccounts", "", ""}}
}

// searched is what the proof unused lists, on every cluster, since anything may name Zot.
func searched(o Options) []need {
	all := []need{
		{"list", "", "pods secrets serviceaccounts configmaps", "", ""},
		{"list", "apps", "deployments statefulsets daemonsets replicasets", "", ""},
		{"list", "batch", "cronjobs jobs", "", ""},
	}
	if o.Searched == nil {
		for _, group := range groups {
			all = append(all, need{"list", group, "*", "", ""})
		}
	}
	for _, kind := range o.Searched {
		all = append(all, need{"list", kind.Group, kind.Resource, "", ""})
	}
	return all
}

// groups are those whose objects may name Zot: unused.Groups, of which a test holds that they are the same.
var groups = []string{flux, "kustomize.toolkit.fluxcd.io", helm, "image.toolkit.fluxcd.io", "spectrocloud.com"}

// Spoke returns the rights that stages need on a spoke.
func Spoke(o Options) []Right {
	inspect := []need{{"get", "", "serviceaccounts", "", ""}, {"list", "apps", "deployments", "", ""}, {"list", "", "pods", "", ""}}
	table := map[string][]need{
		"preflight":   slices.Concat(looked(), inspect),
		"copy":        {{"list", flux, "ocirepositories", "", ""}},
		"deploy":      slices.Concat(inspect, onSpoke()), // a canary, before the switch
		"validate":    slices.Concat(onSpoke(), searched(o)),
		"disable-zot": onSpoke(),
	}
	table["soak"] = table["validate"]
	if o.Prepare { // fleet.Prepare: the chart annotates and restarts only the hub's
		table["deploy"] = append(table["deploy"], need{"patch", "", "serviceaccounts", "", ""}, need{"get watch patch", "apps", "deployments", "", ""})
	}
	return listed(table, o.Stages)
}

// Optional are rights that a run uses where it has them: by the UID of a namespace that every cluster has, two names for
// one cluster are found, and a plan that was made for another cluster.
func Optional() []Right {
	return []Right{{Verb: "get", Resource: "namespaces", Name: "kube-system", Stage: "preflight"}}
}

// Deploys reports whether one of the stages applies the charts.
func Deploys(o Options) bool {
	return len(o.Stages) == 0 || slices.Contains(o.Stages, "deploy") || slices.Contains(o.Stages, "disable-zot")
}

// order of the stages.
var order = []string{"preflight", "copy", "deploy", "validate", "soak", "disable-zot"}

// listed takes the table apart, each right once, with the first stage that needs it.
func listed(table map[string][]need, stages []string) []Right {
	var all []Right
	for _, stage := range order {
		if len(stages) > 0 && !slices.Contains(stages, stage) {
			continue
		}
		for _, n := range table[stage] {
			for resource := range strings.FieldsSeq(n.resource) {
				for verb := range strings.FieldsSeq(n.verbs) {
					all = append(all, Right{Verb: verb, Group: n.group, Resource: resource, Namespace: n.in, Name: n.name, Stage: stage})
				}
			}
		}
	}
	return distinct(all)
}

// distinct keeps each right once, and leaves out those that a wider one covers.
func distinct(all []Right) []Right {
	var kept []Right
	for i, r := range all {
		covered := false
		for j, other := range all {
			if i != j && other.covers(r) && (j < i || !r.covers(other)) {
				covered = true
				break
			}
		}
		if !covered {
			kept = append(kept, r)
		}
	}
	return kept
}

// covers reports whether r includes other.
func (r Right) covers(other Right) bool {
	return r.Verb == other.Verb && r.Group == other.Group && r.Resource == other.Resource &&
		(r.Namespace == "" || r.Namespace == other.Namespace) && (r.Name == "" || r.Name == other.Name)
}

// Cover reports whether one of the rights includes another.
func Cover(all []Right, r Right) bool {
	return slices.ContainsFunc(all, func(held Right) bool {
		if held.Resource == "*" {
			held.Resource = r.Resource
		}
		return held.covers(r)
	})
}

// Texts are rights for people.
func Texts(all []Right) []string {
	texts := make([]string, len(all))
	for i, r := range all {
		texts[i] = fmt.Sprintf("%s (%s)", r, r.Stage)
	}
	return texts
}
