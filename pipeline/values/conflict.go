package values

import (
	"fmt"
	"strconv"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// settle looks at jobs that touch what aliases or merges share. A job that all users ask for is done once,
// at the anchor. One that only some ask for is done in their own mapping if that is possible: a key beside
// a merge wins over it. Otherwise it is an error that shows both places.
func (p *plan) settle() error {
	u := p.file.uses
	if u.parents == nil {
		return nil
	}
	var settled []*job
	var scalars []*job
	for _, j := range p.jobs {
		if p.agreed(j) {
			settled = append(settled, j)
			continue
		}
		local, err := p.override(j)
		if err != nil {
			return err
		}
		settled = append(settled, local...)
	}
	p.jobs = settled
	for _, j := range p.jobs {
		if j.do == set && j.value != nil && len(u.aliases[j.value.Resolved()]) > 0 {
			scalars = append(scalars, j)
		}
	}
	return p.settleScalars(scalars)
}

// agreed reports whether every user of a job's mapping asks for the job, or doesn't mind.
func (p *plan) agreed(j *job) bool {
	return p.file.uses.count(j.in) == float64(len(j.requests)+p.neutral[jobKey{j.in, j.entry.key}])
}

// override makes of a job in a shared mapping one job for every mapping that merges it: a key of its own, which is null where
// the shared one is to be gone.
func (p *plan) override(j *job) ([]*job, error) {
	local := map[*syntax.Node]*job{}
	var jobs []*job
	for _, r := range j.requests {
		if r.from == j.in || r.do != set && r.do != null && r.do != remove {
			return nil, p.shared(j)
		}
		own := local[r.from]
		if own == nil {
			own = &job{entry: j.entry, parent: j.parent, order: j.order, in: r.from}
			if r.do == remove {
				own.do, own.entry.do = null, null
			}
			local[r.from] = own
			jobs = append(jobs, own)
		}
		own.requests = append(own.requests, r)
	}
	for _, own := range jobs {
		if !p.agreed(own) {
			return nil, p.shared(own)
		}
	}
	return jobs, nil
}

// settleScalars looks at values that are anchored: if every user is to have the new value, it is written at
// the anchor; otherwise the aliases that are to have it give way to it.
func (p *plan) settleScalars(jobs []*job) error {
	u := p.file.uses
	covered := map[*syntax.Node]int{}
	for _, j := range jobs {
		covered[j.value.Resolved()] += len(j.requests)
	}
	for _, j := range jobs {
		anchor := j.value.Resolved()
		all := u.count(anchor) == float64(covered[anchor]) && p.agree(jobs, anchor)
		switch {
		case j.value.Kind != syntax.Alias && !all:
			return p.shared(j)
		case j.value.Kind == syntax.Alias && all:
			j.do = nothing
		}
	}
	return nil
}

// agree reports whether all jobs on an anchored value want the same.
func (p *plan) agree(jobs []*job, anchor *syntax.Node) bool {
	var wanted any
	for _, j := range jobs {
		if j.value.Resolved() != anchor {
			continue
		}
		if wanted == nil {
			wanted = j.entry.value
		}
		if wanted != j.entry.value {
			return false
		}
	}
	return true
}

// shared is the error for a job that would change something for others too: with the place of the edit and
// that of another user.
func (p *plan) shared(j *job) error {
	f, u := p.file, p.file.uses
	asked := map[*syntax.Node]bool{}
	for _, r := range j.requests {
		asked[r.from] = true
	}
	// The node that aliases multiply: the value, the mapping, or one around it.
	at := j.in
	if j.value != nil && len(u.aliases[j.value.Resolved()]) > 0 && p.agreed(j) {
		at = j.value.Resolved()
	}
	for at != nil && len(u.aliases[at]) == 0 {
		at = u.parents[at]
	}
	where := j.in
	if j.key != nil {
		where = j.key
	}
	if at == nil {
		return f.at(where, "write it out", "%s can't be edited here", shownPath(j.requests[0].path))
	}
	// Show a user that didn't ask: the anchor itself, or the first alias that isn't on the way of a request.
	other := u.aliases[at][0]
	for _, alias := range u.aliases[at] {
		if parent := u.parents[alias]; parent != nil && !asked[parent] {
			other = alias
			break
		}
	}
	line, column := f.stream.Position(where.Start)
	otherLine, otherColumn := f.stream.Position(other.Start)
	anchorLine, anchorColumn := f.stream.Position(at.Start)
	return fault.New(fault.Usage, fmt.Sprintf("write the values out in place of *%s where they are to differ, or change &%s by hand", at.Anchor(), at.Anchor()),
		"rendering %q: line %d, column %d: %s is in &%s (line %d, column %d), and changing it would change *%s at line %d, column %d too",
		f.name, line, column, shownPath(j.requests[0].path), at.Anchor(), anchorLine, anchorColumn, at.Anchor(), otherLine, otherColumn)
}

// conflict is the error for one written mapping that is to be two things.
func (p *plan) conflict(in *syntax.Node, one, other string) error {
	line, column := p.file.stream.Position(in.Start)
	return fault.New(fault.Usage, "write the values out in both places",
		"rendering %q: line %d, column %d: this mapping is %s as well as %s, and they are to differ", p.file.name, line, column, shownPath(one), shownPath(other))
}

// shownPath is a path in the values as the user sees it.
func shownPath(path string) string {
	if path == "" {
		return "the top level"
	}
	return path
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
