package baseline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Worse returns what is broken now and was not before: what a deployment or its rollback is to blame for. What was
// broken before and is broken otherwise now is not worse.
func Worse(before, now Snapshot) []Item {
	return slices.DeleteFunc(slices.Clone(now.Broken), func(i Item) bool { return before.Has(i) })
}

// Has reports whether an object was broken.
func (s Snapshot) Has(i Item) bool { return slices.ContainsFunc(s.Broken, i.is) }

// essential are the workloads that the proofs rest on: broken ones would hide a loss.
var essential = []string{"hue", "source-controller", "zot"}

// mayHide reports whether a broken object could hide that something got lost: nothing can be proven about an
// OCIRepository of the registries that the cutover is about when it doesn't reconcile, or without those that push, pull
// and serve.
func (i Item) mayHide(concerns func(url string) bool) bool {
	if i.Kind == "OCIRepository" {
		return concerns(i.URL)
	}
	return slices.Contains(essential, i.Name)
}

// Judged is a baseline with what its user has accepted.
type Judged struct {
	Tolerated []Item // broken before, and no proof rests on them
	Accepted  []Item // broken before, and accepted by name
	Refused   []Item // broken before, and not accepted
}

// Accept decides what a run may do about a baseline: names are the values of --accept-broken, each the object's name,
// or with its namespace, kind and cluster before it: cluster/kind/namespace/name. A name that nothing broken has is an
// error with code Usage, since it is misspelt, or no longer needed. concerns reports whether a URL is one of the
// registries that the cutover is about.
func (s Snapshot) Accept(names []string, concerns func(url string) bool) (Judged, error) {
	used := map[string]bool{}
	var j Judged
	for _, item := range s.Broken {
		at := slices.IndexFunc(names, func(name string) bool { return matches(item, name) })
		switch {
		case at >= 0:
			used[names[at]] = true
			j.Accepted = append(j.Accepted, item)
		case item.mayHide(concerns):
			j.Refused = append(j.Refused, item)
		default:
			j.Tolerated = append(j.Tolerated, item)
		}
	}
	for _, name := range names {
		if !used[name] && !slices.ContainsFunc(s.Broken, func(i Item) bool { return matches(i, name) }) {
			return j, fault.New(fault.Usage, "leave it out, or correct the name: "+list(s.Broken), "accepting %q as broken: nothing of that name is", name)
		}
	}
	return j, nil
}

func list(items []Item) string {
	if len(items) == 0 {
		return "nothing is broken"
	}
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = item.String()
	}
	return "broken are " + strings.Join(texts, ", ")
}

// matches compares a name's parts with the item's, the last ones first; kinds in any case.
func matches(item Item, name string) bool {
	is := strings.Split(strings.ToLower(item.String()), "/")
	given := strings.Split(strings.ToLower(name), "/")
	return len(given) <= len(is) && slices.Equal(is[len(is)-len(given):], given)
}

// Err is the refusal of what is broken and not accepted; nil when there is none.
func (j Judged) Err() error {
	if len(j.Refused) == 0 {
		return nil
	}
	texts := make([]string, len(j.Refused))
	for i, item := range j.Refused {
		texts[i] = fmt.Sprintf("%s (%s)", item, item.Cause)
	}
	return fault.New(fault.Refused, fmt.Sprintf("repair it first, or accept that nothing can be proven about it: --accept-broken %s", j.Refused[0]),
		"looking at what was broken before: %s", strings.Join(texts, "; "))
}

// Broken reports whether a workload of a cluster was broken before and may stay so. It is what deploy.Options.Accepted
// wants: Broken("hub").
func (j Judged) Broken(cluster string) func(kind, namespace, name string) bool {
	known := map[string]bool{}
	for _, item := range slices.Concat(j.Tolerated, j.Accepted) {
		known[item.String()] = true
	}
	return func(kind, namespace, name string) bool {
		return known[Item{Cluster: cluster, Kind: kind, Namespace: namespace, Name: name}.String()]
	}
}
