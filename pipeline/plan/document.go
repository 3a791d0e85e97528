// Package plan is what a run would do, as a document: every effect on the objects of the clusters and on ECR, and the
// facts that it rests on, each with a hash where it is long. A run that is given one goes on only in the world that the
// document was made for. It holds no secret: values are sealed, and diffs are masked.
package plan

import (
	"cmp"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// APIVersion and Kind mark the JSON form of a Document.
const (
	APIVersion = report.APIVersion
	Kind       = "Plan"
)

// Document is a plan. It has no time in it: two plans of one world are the same bytes.
type Document struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Hash       string   `json:"hash"`   // of everything else in it
	Stages     []string `json:"stages"` // that it is a plan of
	Target     Target   `json:"target"`
	Facts      []Fact   `json:"facts"`   // what a run must find again
	Effects    []Effect `json:"effects"` // on the objects of clusters
	Copy       Copy     `json:"copy"`
	Restarts   []string `json:"restarts"` // objects whose pods are replaced
	Final      []string `json:"final"`    // what can't be undone, one sentence each
	Unknown    []string `json:"unknown"`  // what could not be looked at, and the right that is missing
	Values     string   `json:"values"`   // unified diff of the user's file, secrets masked
}

// Target says what the plan is about.
type Target struct {
	Source      string   `json:"source,omitempty"`
	Destination string   `json:"destination"`
	Release     string   `json:"release"` // namespace/name
	Clusters    []string `json:"clusters"`
}

// Action is what happens to an object.
type Action string

const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
)

// Effect is one object that would be another one.
type Effect struct {
	Stage  string `json:"stage"` // that does it
	Action Action `json:"action"`
	Object string `json:"object"`         // kind namespace/name
	Note   string `json:"note,omitempty"` // what a person may wonder about
	Diff   string `json:"diff,omitempty"` // unified diff, secrets masked
}

// Copy is what would be sent to the destination.
type Copy struct {
	Manifests int64   `json:"manifests"` // to send
	Blobs     int64   `json:"blobs"`
	Bytes     int64   `json:"bytes"`   // of these blobs
	Seconds   float64 `json:"seconds"` // that sending takes at least within the registry's quotas
	Tags      []Tag   `json:"tags"`
}

// Tag is a tag of the source, and what it names at either end.
type Tag struct {
	Name        string `json:"name"`
	Source      string `json:"source"`                // digest
	Destination string `json:"destination,omitempty"` // digest; empty: the tag is not there yet
	Kept        bool   `json:"kept,omitempty"`        // it stays as it is at the destination, which is newer
}

// due reports whether the tag has to be written.
func (t Tag) due() bool { return t.Destination != t.Source && !t.Kept }

// Changes counts what would be made, changed and removed: objects of clusters, manifests and tags in the registry.
func (d *Document) Changes() report.Changes {
	var c report.Changes
	for _, e := range d.Effects {
		switch e.Action {
		case Create:
			c.Create++
		case Update:
			c.Update++
		case Delete:
			c.Delete++
		}
	}
	c.Create += d.Copy.Manifests
	for _, t := range d.Copy.Tags {
		if t.due() && t.Destination != "" {
			c.Update++
		}
	}
	return c
}

// Pending reports whether anything would change.
func (d *Document) Pending() bool {
	due := slices.ContainsFunc(d.Copy.Tags, Tag.due)
	return d.Changes() != report.Changes{} || due || len(d.Restarts) > 0
}

// New completes a document: everything in a stable order, and hashed.
func New(d Document) *Document {
	d.APIVersion, d.Kind = APIVersion, Kind
	slices.SortFunc(d.Facts, compareFacts)
	slices.SortStableFunc(d.Effects, func(a, b Effect) int { return cmp.Compare(a.Object, b.Object) })
	slices.SortFunc(d.Copy.Tags, func(a, b Tag) int { return cmp.Compare(a.Name, b.Name) })
	for _, list := range []*[]string{&d.Restarts, &d.Unknown} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	d.fill()
	d.Hash = d.hash()
	return &d
}

// fill makes lists that are empty instead of nil, which JSON would write as null.
func (d *Document) fill() {
	for _, list := range []*[]string{&d.Stages, &d.Target.Clusters, &d.Restarts, &d.Final, &d.Unknown} {
		if *list == nil {
			*list = []string{}
		}
	}
	if d.Facts == nil {
		d.Facts = []Fact{}
	}
	if d.Effects == nil {
		d.Effects = []Effect{}
	}
	if d.Copy.Tags == nil {
		d.Copy.Tags = []Tag{}
	}
}
