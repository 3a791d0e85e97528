package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Difference is one thing that is not as the plan has it.
type Difference struct {
	What string // for example: release mural-system/mural
	Then string // in the plan; empty: it is not in it
	Now  string // empty: it is gone
}

func (d Difference) String() string {
	switch {
	case d.Then == "":
		return d.What + ": it is new"
	case d.Now == "":
		return d.What + ": it is gone"
	}
	return fmt.Sprintf("%s: %s, the plan has %s", d.What, short(d.Now), short(d.Then))
}

// short cuts hashes to what people compare.
func short(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		if scheme, hash, ok := strings.Cut(word, ":"); ok && len(hash) == 64 {
			words[i] = scheme + ":" + hash[:12]
		}
	}
	return strings.Join(words, " ")
}

// Compare returns what has moved since a plan was made, and what has only come on top: artifacts that hue has pushed
// meanwhile are copied too, and are no reason to make another plan. begun says that a run with this very plan has begun:
// then the clusters and ECR are where that run has brought them, and only what the person gives is compared.
func Compare(then, now *Document, begun bool) (moved, added []Difference) {
	for _, stage := range now.Stages {
		if !slices.Contains(then.Stages, stage) {
			moved = append(moved, Difference{What: "stage " + stage, Now: stage})
		}
	}
	m, a := compareFactsOf(then, now, begun)
	moved, added = append(moved, m...), a
	m, a = compareTags(then.Copy.Tags, now.Copy.Tags)
	if slices.Contains(now.Stages, "copy") && !begun {
		moved = append(moved, m...)
	}
	return moved, append(added, a...)
}

func compareFactsOf(then, now *Document, begun bool) (moved, added []Difference) {
	before, after := facts(then), facts(now)
	deploys := slices.ContainsFunc(now.Facts, func(f Fact) bool { return f.Kind == Release })
	for _, f := range then.Facts {
		what := fmt.Sprintf("%s %s", f.Kind, f.Name)
		seen, there := after[f.key()]
		switch {
		case there && seen == f.Seen, begun && f.Kind != Input:
		case there:
			moved = append(moved, Difference{What: what, Then: f.Seen, Now: seen})
		case f.Kind == Workload: // a team has deleted it: there is less to move
			added = append(added, Difference{What: what, Then: f.Seen})
		case !deploys && (f.Kind == Release || f.Kind == Object): // no stage that runs has looked at the release
		case f.Seen != Absent: // else it belongs to a stage that doesn't run
			moved = append(moved, Difference{What: what, Then: f.Seen})
		}
	}
	for _, f := range now.Facts {
		if _, known := before[f.key()]; known || begun && f.Kind != Input {
			continue
		}
		d := Difference{What: fmt.Sprintf("%s %s", f.Kind, f.Name), Now: f.Seen}
		if f.Kind == Workload {
			added = append(added, d)
		} else {
			moved = append(moved, d)
		}
	}
	return moved, added
}

func (f Fact) key() Fact { return Fact{Kind: f.Kind, Name: f.Name} }

func facts(d *Document) map[Fact]string {
	all := make(map[Fact]string, len(d.Facts))
	for _, f := range d.Facts {
		all[f.key()] = f.Seen
	}
	return all
}

// compareTags: what came to the source, or moved there, was pushed by hue. At the destination nobody else may have
// written: a tag there names what the plan has, or what the source has now.
func compareTags(then, now []Tag) (moved, added []Difference) {
	before := map[string]Tag{}
	for _, t := range then {
		before[t.Name] = t
	}
	after := map[string]bool{}
	for _, t := range now {
		after[t.Name] = true
		old, known := before[t.Name]
		switch {
		case !known && (t.Destination == "" || t.Destination == t.Source):
			added = append(added, Difference{What: "tag " + t.Name, Now: t.Source})
			continue
		case !known:
			moved = append(moved, Difference{What: "tag " + t.Name + " of ECR", Then: "nothing", Now: t.Destination})
			continue
		case old.Source != t.Source:
			added = append(added, Difference{What: "tag " + t.Name, Then: old.Source, Now: t.Source})
		}
		if t.Destination != old.Destination && t.Destination != t.Source && t.Destination != old.Source {
			d := Difference{What: "tag " + t.Name + " of ECR", Then: old.Destination, Now: t.Destination}
			if d.Then == "" {
				d.Then = "nothing"
			}
			moved = append(moved, d)
		}
	}
	for _, t := range then {
		if !after[t.Name] {
			moved = append(moved, Difference{What: "tag " + t.Name + " of the source", Then: t.Source})
		}
	}
	return moved, added
}

// mostShown is how many differences an error names.
const mostShown = 10

// Refuse is the error for a world that has moved; nil when it has not.
func Refuse(name string, moved []Difference) error {
	if len(moved) == 0 {
		return nil
	}
	var texts []string
	for i, d := range moved {
		if i == mostShown {
			texts = append(texts, fmt.Sprintf("and %d more", len(moved)-mostShown))
			break
		}
		texts = append(texts, d.String())
	}
	return fault.New(fault.Refused, "look at what has changed, make a new plan with `palette-ecr plan -o plan=FILE`, and run that one",
		"comparing the world with %s: it has moved since: %s", name, strings.Join(texts, "; "))
}
