package copy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Outcome is what became of a tag.
type Outcome string

const (
	Copied      Outcome = "copied"      // it was not there
	Present     Outcome = "present"     // it was there already, with the same digest
	Overwritten Outcome = "overwritten" // it named something else, see Tag.Was
	Kept        Outcome = "kept"        // it names something else and stays so (Options.Keep)
	Unclear     Outcome = "unclear"     // the same, but whether it is the newer one is not known (Options.Since)
)

// Tag is one tag of the source.
type Tag struct {
	Name    string  `json:"name"`
	Digest  string  `json:"digest"` // in the source
	Outcome Outcome `json:"outcome"`
	Was     string  `json:"was,omitempty"` // the digest at the destination before, if there was one
}

// Tally counts one kind of content: what the source has, and how much of it had to be sent.
type Tally struct {
	Total  int `json:"total"`
	Copied int `json:"copied"`
}

// Present is what was at the destination already.
func (t Tally) Present() int { return t.Total - t.Copied }

// Result is what Run did.
type Result struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Tags        []Tag  `json:"tags"` // by name
	Manifests   Tally  `json:"manifests"`
	Blobs       Tally  `json:"blobs"`
	Bytes       int64  `json:"bytes"`             // of blobs that were sent
	Mounted     int    `json:"mounted,omitempty"` // blobs that the destination took from another of its repositories

	Written []string `json:"-"` // digests of the manifests that were sent: none of them is a push by Hue

	failed bool // it ended with an error

	there map[string]digest.Digest // what the destination had under its tags before, while the source was the newer one

	SourceRequests      Requests `json:"sourceRequests"`
	DestinationRequests Requests `json:"destinationRequests"` // to the registry; those to ECR's API are not counted
	Notes               []string `json:"notes,omitempty"`     // what a person should know, such as what was overwritten
}

// Overwritten are the tags that named something else at the destination.
func (r Result) Overwritten() []Tag {
	return slices.DeleteFunc(slices.Clone(r.Tags), func(t Tag) bool { return t.Outcome != Overwritten })
}

// Base returns what the destination has under each tag, as far as is known: Options.Base of a later copy.
func (r Result) Base() map[string]string {
	base := make(map[string]string, len(r.Tags))
	for tag, d := range r.there {
		base[tag] = d.String()
	}
	for _, t := range r.Tags {
		if t.Outcome != Kept && t.Outcome != Unclear {
			base[t.Name] = t.Digest
		}
	}
	return base
}

// Changed reports whether anything was written.
func (r Result) Changed() bool { return r.DestinationRequests.Writes() > 0 }

// Counts are the numbers for a report's stage.
func (r Result) Counts() map[string]int64 {
	return map[string]int64{
		"tags": int64(len(r.Tags)), "manifests": int64(r.Manifests.Total), "manifests copied": int64(r.Manifests.Copied),
		"blobs": int64(r.Blobs.Total), "blobs copied": int64(r.Blobs.Copied), "bytes copied": r.Bytes, "blobs mounted": int64(r.Mounted),
		"requests to the source": r.SourceRequests.Total(), "requests to the destination": r.DestinationRequests.Total(),
		"writes": r.DestinationRequests.Writes(),
	}
}

// String is one sentence.
func (r Result) String() string {
	if len(r.Tags) == 0 && r.Manifests.Total == 0 {
		return "the source is empty"
	}
	s := fmt.Sprintf("%s, %s and %s: ", report.Counted(len(r.Tags), "tag"), report.Counted(r.Manifests.Total, "manifest"), report.Counted(r.Blobs.Total, "blob"))
	switch {
	case r.failed:
		return s + fmt.Sprintf("%s and %s copied (%s) before it failed", report.Counted(r.Manifests.Copied, "manifest"), report.Counted(r.Blobs.Copied, "blob"), size(r.Bytes))
	case !r.Changed():
		return s + "all there already"
	}
	s += fmt.Sprintf("%s and %s copied (%s)", report.Counted(r.Manifests.Copied, "manifest"), report.Counted(r.Blobs.Copied, "blob"), size(r.Bytes))
	if r.Mounted > 0 {
		s += fmt.Sprintf(", %s mounted from other repositories", report.Counted(r.Mounted, "blob"))
	}
	if o := r.Overwritten(); len(o) > 0 {
		s += fmt.Sprintf(", %s overwritten", report.Counted(len(o), "tag"))
	}
	return s
}

// size writes bytes as a person reads them.
func size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	f, i := float64(n), 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	return strings.Replace(fmt.Sprintf("%.1f %s", f, units[i]), ".0 ", " ", 1)
}

func sorted(all []string) []string {
	slices.Sort(all)
	return all
}
