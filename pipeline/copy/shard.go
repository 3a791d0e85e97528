package copy

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Shard is one of several parts of a copy, which processes or pods do side by side. Each manifest that a tag
// names or a cluster uses belongs to exactly one of them, with all that it leads to. What manifests of several shards lead
// to (a layer, a part of two indexes) is looked for by each before it is sent, unless it is small and the destination was
// empty. The zero value is everything.
type Shard struct {
	Index int `json:"index"` // from 0
	Of    int `json:"of"`    // 0 and 1 are everything
}

// MostShards is how many parts a copy may have: ECR's quotas are shared among them.
const MostShards = 64

// ParseShard reads a shard as people write it: 2/4 is the second of four. Anything else is an error of use.
func ParseShard(text string) (Shard, error) {
	number, of, ok := strings.Cut(text, "/")
	i, err := strconv.Atoi(number)
	n, e := strconv.Atoi(of)
	if ok && err == nil && e == nil && (i < 1 || i > n || n > MostShards) {
		return Shard{}, fault.New(fault.Usage, "give every one from 1/4 to 4/4, for example", "reading the shard %q: there is no such part: the first is 1/%d, and at most %d make a copy", text, max(1, min(n, MostShards)), MostShards)
	}
	if !ok || err != nil || e != nil {
		return Shard{}, fault.New(fault.Usage, "give a shard and their number, such as 1/4; every one from 1/4 to 4/4 is needed", "reading the shard %q: it is not of the form i/n", text)
	}
	return Shard{Index: i - 1, Of: n}, nil
}

// Part reports whether the shard is not everything.
func (s Shard) Part() bool { return s.Of > 1 }

// String is the shard as ParseShard reads it.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index+1, max(s.Of, 1)) }

// has reports whether a manifest is this shard's. Its digest says so and nothing else: several tags of one manifest go
// together, and so does the same manifest in several repositories, which can then be mounted.
func (s Shard) has(digest string) bool {
	if !s.Part() {
		return true
	}
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(digest))                   // never fails
	return sum.Sum64()%uint64(s.Of) == uint64(s.Index) //nolint:gosec // both are small and positive
}

// ownRoots keeps what is this shard's: only manifests of its own are read. What a tag names is what a cluster has had from
// it, where one has, which every shard knows alike without asking; where it has moved since, it stays with the same shard. Of
// any other tag the source is asked, by one HEAD. A tag that was deleted meanwhile goes by its name, so that one shard says so.
func (c *copier) ownRoots(ctx context.Context, roots []wanted) ([]wanted, error) {
	if !c.Shard.Part() {
		return roots, nil
	}
	used := usedDigests(c.References)
	var tags []string
	for _, w := range roots {
		if w.tag != "" && used[w.tag] == "" {
			tags = append(tags, w.tag)
		}
	}
	var err error
	if c.named, err = c.resolve(ctx, tags); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(roots, func(w wanted) bool {
		return !c.Shard.has(cmp.Or(string(w.digest), used[w.tag], string(c.named[w.tag]), w.tag))
	}), nil
}

// usedDigests are what clusters have had from each tag, where all have had the same.
func usedDigests(references []Reference) map[string]string {
	used := map[string]string{}
	for _, r := range references {
		if r.Tag == "" || r.Digest == "" {
			continue
		}
		if had, known := used[r.Tag]; known && had != r.Digest {
			used[r.Tag] = ""
		} else {
			used[r.Tag] = r.Digest
		}
	}
	return used
}

// share is a shard's part of an account's quotas.
func (s Shard) share(l Limits) Limits {
	if s.Part() {
		for name := range l {
			l[name] /= float64(s.Of)
		}
	}
	return l
}
