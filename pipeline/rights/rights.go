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
	Namespace     string  // of the release
	Storage       string  // of Helm's records; empty is Namespace
	Flux          bool    // Flux applies the release
	FluxNamespace string  // of its HelmRelease; empty is Namespace
	SourceIn      string  // namespace of the source registry's Service; empty: it is outside the cluster
	Stages        []Stage // in order
	InCluster     bool    // pods copy
	Prepare       bool    // source-controller of each spoke is given its IAM role

	// Searched are the kinds that may name Zot, as the cluster has them (unused.Kinds). Without them it is every kind of
	// the groups, which only a wildcard gives.
	Searched []schema.GroupResource
	Install  bool // the release may not be there yet
}

// Stage is a stage, and what it does in clusters.
type Stage struct {
	Name string
	Work Work
}

// Work is what a stage does, as far as rights go; what it has none of is nil. Each kind of work that exists is a
// variable below; a stage that does something else has a Work of its own.
type Work struct {
	Hub, Spoke func(Options) []Need
	Charts     bool // the charts are applied: the rights for their objects (Objects) come on top
}

// Need is one line of the table.
type Need struct {
	Verbs     string // with blanks between
	Group     string
	Resources string // likewise
	In        string // namespace; empty is all
	Name      string
}

// The kinds of work.
var (
	Looking   = Work{Hub: lookingOnHub, Spoke: lookingOnSpoke}
	Copying   = Work{Hub: copyingOnHub, Spoke: copyingOnSpoke}
	Switching = Work{Hub: switchingOnHub, Spoke: switchingOnSpoke, Charts: true}
	Proving   = Work{Hub: provingOnHub, Spoke: provingOnSpoke}
	Applying  = Work{Hub: applyingOnHub, Spoke: applyingOnSpoke, Charts: true}
)

// Hub returns the rights that stages need on the hub, apart from those for the chart's own objects (Objects).
func Hub(o Options) []Right {
	if o.Storage == "" {
		o.Storage = o.Namespace
	}
	if o.FluxNamespace == "" {
		o.FluxNamespace = o.Namespace
	}
	return listed(o, func(w Work) func(Options) []Need { return w.Hub })
}

// Spoke returns the rights that stages need on a spoke.
func Spoke(o Options) []Right {
	return listed(o, func(w Work) func(Options) []Need { return w.Spoke })
}

// Optional are rights that a run uses where it has them: by the UID of a namespace that every cluster has, two names for
// one cluster are found, and a plan that was made for another cluster.
func Optional() []Right {
	return []Right{{Verb: "get", Resource: "namespaces", Name: "kube-system"}}
}

// ChartsBy returns the name of the first stage that applies the charts; none is "".
func ChartsBy(o Options) string {
	for _, s := range o.Stages {
		if s.Work.Charts {
			return s.Name
		}
	}
	return ""
}

// listed takes the table apart, each right once, with the first stage that needs it.
func listed(o Options, on func(Work) func(Options) []Need) []Right {
	var all []Right
	for _, stage := range o.Stages {
		needs := on(stage.Work)
		if needs == nil {
			continue
		}
		for _, n := range needs(o) {
			for resource := range strings.FieldsSeq(n.Resources) {
				for verb := range strings.FieldsSeq(n.Verbs) {
					all = append(all, Right{Verb: verb, Group: n.Group, Resource: resource, Namespace: n.In, Name: n.Name, Stage: stage.Name})
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
