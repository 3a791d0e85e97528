package values

import (
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// job is one thing to do in one mapping as it is written, asked for at one or more paths: a mapping that
// aliases share is reached by several.
type job struct {
	entry
	parent   *patch
	order    int          // of the entry in its patch
	in       *syntax.Node // the mapping
	key      *syntax.Node // nil if the key isn't there yet
	value    *syntax.Node
	requests []request // who asked
}

// comesAfter reports whether a key of the same mapping is to stand before the job's.
func (j *job) comesAfter(key string) bool {
	for _, e := range j.parent.entries[:j.order] {
		if e.key == key {
			return true
		}
	}
	return false
}

// request is one path at which a job was asked for.
type request struct {
	path string
	do   action
	from *syntax.Node // the mapping in which the key was looked up; it isn't job.in if a merge led there
}

// plan finds out what is to be done to a file.
type plan struct {
	file *File
	jobs []*job
	// byKey finds jobs that were asked for before; only files with aliases need it.
	byKey map[jobKey]*job
	// neutral counts the users of a shared mapping to whom it is all the same what becomes of a key.
	neutral map[jobKey]int
}

type jobKey struct {
	in  *syntax.Node
	key string
}

// ask notes that a job is wanted at a path.
func (p *plan) ask(path string, from *syntax.Node, j job) error {
	r := request{path, j.do, from}
	if p.file.uses.parents == nil {
		j.requests = []request{r}
		p.jobs = append(p.jobs, &j)
		return nil
	}
	if p.byKey == nil {
		p.byKey = map[jobKey]*job{}
	}
	k := jobKey{j.in, j.entry.key}
	known := p.byKey[k]
	if known == nil {
		known = &j
		p.byKey[k] = known
		p.jobs = append(p.jobs, known)
	} else if known.do == remove && j.do == null || known.do == null && j.do == remove {
		known.do, known.entry.do = null, null // which is as good as gone
		known.parent, known.order = j.parent, j.order
	} else if !known.entry.same(j.entry) {
		return p.conflict(j.in, known.requests[0].path, path)
	}
	known.requests = append(known.requests, r)
	return nil
}

// indifferent notes that a user of a mapping doesn't mind if a key comes: it wants it to be gone or null,
// and it isn't there.
func (p *plan) indifferent(m *syntax.Node, key string) {
	if p.file.uses.parents == nil {
		return
	}
	if p.neutral == nil {
		p.neutral = map[jobKey]int{}
	}
	p.neutral[jobKey{m, key}]++
	p.shadows(m, key)
}

// shadows notes that the mappings which are merged into m may change a key as they like: m has, or gets, its
// own.
func (p *plan) shadows(m *syntax.Node, key string) {
	if p.file.uses.parents == nil {
		return
	}
	for i := 0; i+1 < len(m.Children); i += 2 {
		if !m.Children[i].IsMerge() {
			continue
		}
		merged := m.Children[i+1].Resolved()
		if merged.Kind == syntax.Mapping {
			p.indifferent(merged, key)
			continue
		}
		for _, item := range merged.Children {
			p.indifferent(item.Resolved(), key)
		}
	}
}

// walk looks at what a mapping has and asks for what is missing. n may be an alias.
func (p *plan) walk(n *syntax.Node, patch *patch, path string) error {
	m := n.Resolved()
	if m.Kind != syntax.Mapping {
		return p.file.at(n, "make it a mapping", "%s is a %s, not a mapping", shownPath(path), describe(m))
	}
	for i, e := range patch.entries {
		if err := p.entry(m, job{entry: e, parent: patch, order: i, in: m}, join(path, e.key)); err != nil {
			return err
		}
	}
	return nil
}

// entry compares one key with what it is to have.
func (p *plan) entry(m *syntax.Node, here job, path string) error {
	e := here.entry
	key, value, in := find(m, e.key)
	if value == nil {
		if !e.adds() {
			p.indifferent(m, e.key)
			return nil
		}
		p.shadows(m, e.key)
		return p.ask(path, m, here)
	}
	if in == m {
		p.shadows(m, e.key)
	}
	here.in, here.key, here.value = in, key, value
	r := value.Resolved()
	switch e.do {
	case set, keep:
		return p.scalar(m, here, path)
	case remove, removeText, null:
		if r.IsNull() || e.do == removeText && r.Kind == syntax.Scalar && r.Value == "" {
			return nil
		}
		if e.do == removeText {
			here.do = remove
		}
		return p.ask(path, m, here)
	case forEach:
		return p.each(value, e, path)
	}
	if r.IsNull() || r.Kind == syntax.Mapping && len(r.Children) == 0 && r.Style == syntax.Flow {
		if !e.adds() {
			return nil
		}
		return p.ask(path, m, here)
	}
	if r.Kind == syntax.Mapping && p.empties(r, e.patch) {
		here.do = remove // nothing is left of the mapping
		return p.ask(path, m, here)
	}
	return p.walk(value, e.patch, path)
}

// scalar asks for a value that isn't there yet.
func (p *plan) scalar(m *syntax.Node, here job, path string) error {
	r := here.value.Resolved()
	if r.Kind != syntax.Scalar {
		return p.file.at(here.value, "write a single value", "%s is a %s, not a value", shownPath(path), describe(r))
	}
	if here.do == keep && scalar(r) != nil || here.do == set && scalar(r) == here.entry.value {
		return nil
	}
	here.do = set
	return p.ask(path, m, here)
}

// each goes through a list. One that is null stays: it says that there is nothing.
func (p *plan) each(value *syntax.Node, e entry, path string) error {
	list := value.Resolved()
	if list.IsNull() {
		return nil
	}
	if list.Kind != syntax.Sequence {
		return p.file.at(value, "make it a list", "%s is a %s, not a list", shownPath(path), describe(list))
	}
	for i, item := range list.Children {
		if err := p.walk(item, e.ofNode(item), index(path, i)); err != nil {
			return err
		}
	}
	return nil
}

// empties reports whether a patch leaves nothing of a mapping: then its key goes as well.
func (p *plan) empties(m *syntax.Node, patch *patch) bool {
	if patch.adds() {
		return false
	}
	for i := 0; i+1 < len(m.Children); i += 2 {
		key, value := m.Children[i], m.Children[i+1].Resolved()
		gone := false
		for _, e := range patch.entries {
			if key.IsMerge() || key.Value != e.key {
				continue
			}
			switch e.do {
			case remove:
				gone = !value.IsNull()
			case removeText:
				gone = !value.IsNull() && !(value.Kind == syntax.Scalar && value.Value == "")
			case within:
				gone = value.Kind == syntax.Mapping && len(value.Children) > 0 && p.empties(value, e.patch)
			}
		}
		if !gone {
			return false
		}
	}
	return len(m.Children) > 0
}

// describe names what a node is in an error.
func describe(n *syntax.Node) string {
	switch {
	case n.IsNull():
		return "null"
	case n.Kind == syntax.Scalar:
		return "single value"
	}
	return n.Kind.String()
}
