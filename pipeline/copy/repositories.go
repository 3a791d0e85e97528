package copy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	ociregistry "oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Catalog lists every repository of the source's registry that these credentials may see.
func Catalog(ctx context.Context, src Source) ([]string, error) {
	all := &remote.Registry{}
	all.Client, all.PlainHTTP = src.Repository.Client, src.Repository.PlainHTTP
	all.Reference.Registry = src.Repository.Reference.Registry
	e := newEndpoint(FromSource, src.Repository, src.URL, src.Address, nil, 1)
	all.Client = e.client
	var names []string
	err := retry(ctx, func() error {
		names = nil
		return cutList(all.Repositories(ctx, "", func(page []string) error {
			names = append(names, page...)
			return nil
		}))
	})
	if err != nil {
		return nil, e.fail(err, "listing repositories", "")
	}
	slices.Sort(names)
	return names, nil
}

// At returns another repository of the same registry.
func (s Source) At(path string) Source {
	repo := &remote.Repository{Client: s.Repository.Client, Reference: s.Repository.Reference, PlainHTTP: s.Repository.PlainHTTP, TagListPageSize: s.Repository.TagListPageSize}
	repo.Reference.Repository = path
	return Source{Repository: repo, URL: "oci://" + repo.Reference.Registry + "/" + path}
}

// Mapping says where a repository of the source goes.
type Mapping struct {
	Source      string              // its path in the source
	Destination registry.Repository // where it goes
}

// Map returns where each repository of a catalog goes, in order: main to its own destination, what the map names to
// the repository under the destination's namespace that it gives, and every other one to a repository of the same path
// there. What is left by name is not in the result. Two repositories in one, a name in the map or among those left
// that the source does not have, and a name that the destination does not take, are errors of use.
func Map(catalog []string, main string, to registry.Repository, names map[string]string, left []string) ([]Mapping, error) {
	for name := range names {
		if !slices.Contains(catalog, name) {
			return nil, fault.New(fault.Usage, "name one of: "+Some(catalog), "mapping repositories: the source has no repository %q", name)
		}
	}
	if err := CheckLeftThere(catalog, main, left); err != nil {
		return nil, err
	}
	if main != "" && !slices.Contains(catalog, main) {
		catalog = append(slices.Clone(catalog), main) // nothing was ever pushed to it, or the catalog does not show it
	}
	var all []Mapping
	taken := map[string]string{}
	for _, path := range sorted(slices.Clone(catalog)) {
		if slices.Contains(left, path) {
			continue
		}
		m := Mapping{Source: path, Destination: to}
		name, named := names[path]
		if path != main || named {
			if !named {
				name = path
			}
			var err error
			if m.Destination, err = to.Registry.Repository(name); err != nil {
				return nil, fault.New(fault.Usage, fmt.Sprintf("map it to a name that ECR takes, or leave it (--leave %s): %s", path, fault.RemedyOf(err)), "mapping repository %q: %w", path, err)
			}
		}
		if other, ok := taken[m.Destination.Name]; ok {
			return nil, fault.New(fault.Usage, "map one of them to another name", "mapping repositories: %q and %q would both go to %q", other, path, m.Destination.Name)
		}
		taken[m.Destination.Name] = path
		all = append(all, m)
	}
	return all, nil
}

// Pair is one repository to copy: where from, where to, and what clusters use of it.
type Pair struct {
	Source      Source
	Destination Destination
	References  []Reference
	Left        []string          // as Options.Left
	Base        map[string]string // as Options.Base
}

// With returns the options for this repository.
func (p Pair) With(o Options) Options {
	o.References, o.Left, o.Base = p.References, p.Left, p.Base
	return o
}

// Foresee is Foresee of one of several repositories.
func (p Pair) Foresee(ctx context.Context, o Options) (Foreseen, error) {
	return Foresee(ctx, p.Source, p.Destination, p.With(o))
}

// CheckLeft refuses what no repository and no artifact can be called. The error is a *fault.Error with code Usage.
func CheckLeft(names []string) error {
	for _, name := range names {
		at := strings.IndexAny(name+":", ":@")
		ref := ociregistry.Reference{Repository: name[:at], Reference: name[min(at+1, len(name)):]}
		err := ref.ValidateRepository()
		switch {
		case err != nil || at == len(name):
		case name[at] == ':':
			err = ref.ValidateReferenceAsTag()
		default:
			err = ref.ValidateReferenceAsDigest()
		}
		if err != nil {
			return fault.New(fault.Usage, "write it as REPOSITORY, REPOSITORY:TAG or REPOSITORY@DIGEST; once for each", "reading --leave %q: it is not the name of a repository or an artifact", name)
		}
	}
	return nil
}

// CheckLeftThere refuses repositories to be left that the source does not have, and that of the workloads. The error is a
// *fault.Error with code Usage.
func CheckLeftThere(catalog []string, main string, left []string) error {
	for _, name := range left {
		if name == main {
			return fault.New(fault.Usage, "take it out of what is left: workloads read it", "mapping repositories: %q is the repository of the workloads", name)
		}
		if !slices.Contains(catalog, name) {
			return fault.New(fault.Usage, "name one of: "+Some(catalog), "mapping repositories: the source has no repository %q to leave", name)
		}
	}
	return nil
}

// SplitLeft takes apart what stays in the source by name: whole repositories, and by repository the tags and digests of
// single artifacts, which are written repository:tag or repository@digest.
func SplitLeft(names []string) (repositories []string, artifacts map[string][]string) {
	artifacts = map[string][]string{}
	for _, name := range names {
		if at := strings.IndexAny(name, ":@"); at >= 0 {
			artifacts[name[:at]] = append(artifacts[name[:at]], name[at+1:])
		} else {
			repositories = append(repositories, name)
		}
	}
	return repositories, artifacts
}

// RunAll is RunProven for several repositories, one after the other, since ECR's limits count for all of them. The
// proof holds when everything of each is there. It ends with the first that can't be copied, unless only the source is not
// whole there: then the others are copied first, so that all that is broken is named at once. What was copied stays.
func RunAll(ctx context.Context, pairs []Pair, o Options) ([]Result, report.Proof, error) {
	if len(pairs) > 1 {
		o.placed = &placed{}
	}
	var results []Result
	var proofs []report.Proof
	var broken brokenSources
	for _, p := range pairs {
		result, proof, err := RunProven(ctx, p.Source, p.Destination, p.With(o))
		results = append(results, result)
		if broken.isCause(err) {
			continue
		}
		if err != nil {
			return results, report.Proof{}, err
		}
		proofs = append(proofs, proof)
	}
	if err := broken.err(); err != nil {
		return results, report.Proof{}, err
	}
	return results, together(proofs), nil
}

// RunEach is Run for several repositories, as RunAll is RunProven.
func RunEach(ctx context.Context, pairs []Pair, o Options) ([]Result, error) {
	if len(pairs) > 1 {
		o.placed = &placed{}
	}
	var results []Result
	var broken brokenSources
	for _, p := range pairs {
		result, err := Run(ctx, p.Source, p.Destination, p.With(o))
		results = append(results, result)
		if err != nil && !broken.isCause(err) {
			return results, err
		}
	}
	return results, broken.err()
}

// Total says what a copy of several repositories came to, each by its name where there are several, and adds up the
// numbers. There may be fewer results than pairs: it ended early.
func Total(pairs []Pair, results []Result) (summary string, counts map[string]int64) {
	counts = map[string]int64{}
	var all []string
	for i, result := range results {
		text := result.String()
		if len(pairs) > 1 {
			text = pairs[i].Destination.Address.Name + ": " + text
		}
		all = append(all, text)
		for name, n := range result.Counts() {
			counts[name] += n
		}
	}
	return strings.Join(all, "; "), counts
}

// Notes are the notes on several repositories, each with the name of its repository where there are more than one.
func Notes(pairs []Pair, results []Result) (notes []string) {
	for i, result := range results {
		for _, note := range result.Notes {
			if len(pairs) > 1 {
				note = pairs[i].Destination.Address.Name + ": " + note
			}
			notes = append(notes, note)
		}
	}
	return notes
}

// VerifyAll is Verify for several repositories.
func VerifyAll(ctx context.Context, pairs []Pair, o Options) (report.Proof, error) {
	p, _, err := VerifyCounted(ctx, pairs, o)
	return p, err
}

// VerifyCounted is VerifyAll that counts too what the source has: shards can't, since some of it is several shards'. The
// counts are nil where a source could not be read.
func VerifyCounted(ctx context.Context, pairs []Pair, o Options) (report.Proof, map[string]int64, error) {
	var proofs []report.Proof
	counts := map[string]int64{}
	for _, p := range pairs {
		proof, g, err := verifyCounted(ctx, p.Source, p.Destination, p.With(o))
		if err != nil {
			return report.Proof{}, nil, err
		}
		if g == nil {
			counts = nil
		}
		if counts != nil {
			counts["tags"] += int64(len(g.tags))
			counts["manifests"] += int64(len(g.nodes))
			counts["blobs"] += int64(len(g.blobs))
		}
		proofs = append(proofs, proof)
	}
	return together(proofs), counts, nil
}

// Held returns the manifests that all the destinations have, as REPOSITORY@DIGEST, and false where that can't be listed.
func Held(ctx context.Context, pairs []Pair) (map[string]bool, bool) {
	all := map[string]bool{}
	for _, p := range pairs {
		if p.Destination.Images == nil {
			return nil, false
		}
		images, err := p.Destination.Images(ctx)
		if err != nil && !isCause(ecr.Explain(err, p.Destination.Address), ecr.Missing) {
			return nil, false
		}
		for _, image := range images {
			all[p.Destination.Address.Name+"@"+image.Digest] = true
		}
	}
	return all, true
}

// together makes one proof of those of several repositories: the worst verdict, the first time and the first end.
func together(proofs []report.Proof) report.Proof {
	if len(proofs) == 0 {
		return report.Proof{Name: report.ProofClosure, Verdict: report.Unproven, Summary: "no repository was looked at", Cause: "there is no repository to copy", Remedy: "name one, or turn Zot on"}
	}
	rank := map[report.Verdict]int{report.Held: 0, report.Unproven: 1, report.Broken: 2}
	all := proofs[0]
	var summaries []string
	evidence := []report.Evidence{}
	for _, p := range proofs {
		if rank[p.Verdict] > rank[all.Verdict] {
			all.Verdict, all.Summary, all.Cause, all.Remedy = p.Verdict, p.Summary, p.Cause, p.Remedy
		}
		if p.ObservedAt.Before(all.ObservedAt) {
			all.ObservedAt = p.ObservedAt
		}
		if p.ExpiresAt.Before(all.ExpiresAt) {
			all.ExpiresAt = p.ExpiresAt
		}
		summaries = append(summaries, p.Summary)
		evidence = append(evidence, p.Evidence...)
	}
	if all.Verdict == report.Held {
		all.Summary = strings.Join(summaries, "; ")
	}
	all.Evidence = evidence
	return all
}
