package copy

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Shard is one of several parts of a copy, which processes or pods do side by side. Each tag, and each digest that
// clusters use without a tag, belongs to exactly one of them, with all that it leads to. The zero value is everything.
type Shard struct {
	Index int `json:"index"` // from 0
	Of    int `json:"of"`    // 0 and 1 are everything
}

// ParseShard reads a shard as people write it: 2/4 is the second of four. Anything else is an error of use.
func ParseShard(text string) (Shard, error) {
	number, of, ok := strings.Cut(text, "/")
	i, err := strconv.Atoi(number)
	n, e := strconv.Atoi(of)
	if !ok || err != nil || e != nil || i < 1 || i > n {
		return Shard{}, fault.New(fault.Usage, "give a shard and their number, such as 1/4; every one from 1/4 to 4/4 is needed", "reading the shard %q: it is not of the form i/n", text)
	}
	return Shard{Index: i - 1, Of: n}, nil
}

// Part reports whether the shard is not everything.
func (s Shard) Part() bool { return s.Of > 1 }

// String is the shard as ParseShard reads it.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index+1, max(s.Of, 1)) }

// has reports whether something of a repository is this shard's. What a cluster uses goes where its tag goes, since
// only together can it be told whether the tag has moved on.
func (s Shard) has(repository string, w wanted) bool {
	if !s.Part() {
		return true
	}
	name := w.reference()
	if w.ref != nil && w.ref.Tag != "" {
		name = w.ref.Tag
	}
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(repository + "\x00" + name)) // never fails
	return sum.Sum64()%uint64(s.Of) == uint64(s.Index)   //nolint:gosec // both are small and positive
}

// own keeps what is this shard's.
func (s Shard) own(repository string, roots []wanted) []wanted {
	return slices.DeleteFunc(roots, func(w wanted) bool { return !s.has(repository, w) })
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
