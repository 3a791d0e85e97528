package cli

import (
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/intake"
)

// policyFiles are the files that the arguments name.
type policyFiles struct {
	policies                    []string
	trust, repository, boundary string
}

// policyInput is what they hold.
type policyInput struct {
	identity   []document.Document
	trust      *document.Document
	repository *document.Document
	boundary   *document.Document
	absent     []check.Absent
	outdated   []check.Absent
	role       string            // ARN, of get-role
	roleFile   string            // that says so
	tags       map[string]string // of the role
}

// policyFiles reads the files, of which one can be standard input.
func (a reader) policyFiles(in policyFiles) (policyInput, error) {
	var out policyInput
	if len(in.policies) == 0 && in.trust == "" && in.repository == "" {
		return out, errNoPolicies
	}
	stdin := 0
	for _, path := range append([]string{in.trust, in.repository, in.boundary}, in.policies...) {
		if path == "-" {
			stdin++
		}
	}
	if stdin > 1 {
		return out, fault.New(fault.Usage, "write the others into files", "reading arguments: standard input is named %d times", stdin)
	}
	names := lists{versions: 0, inline: map[string]bool{}}
	for _, path := range in.policies {
		f, err := intake.Read(path, a.In)
		if err != nil {
			return out, err
		}
		if err := out.take(path, f, &names); err != nil {
			return out, err
		}
	}
	if in.trust != "" {
		f, err := a.document("--trust", in.trust, intake.Trust)
		if err != nil {
			return out, err
		}
		if err := out.setTrust(in.trust, f); err != nil {
			return out, err
		}
		names.add(in.trust, f)
	}
	if in.boundary != "" {
		f, err := a.document("--boundary", in.boundary, intake.Version)
		if err != nil {
			return out, err
		}
		out.boundary, names.boundary = &f.Document, true
		out.current(f)
	}
	if in.repository != "" {
		f, err := a.document("--repository-policy", in.repository, intake.Repository)
		if err != nil {
			return out, err
		}
		if err := out.setRepository(in.repository, f); err != nil {
			return out, err
		}
	}
	out.absent = append(names.absent(), out.outdated...)
	if len(in.policies) > 0 && len(out.identity)+len(out.absent) == 0 && out.trust == nil && out.repository == nil {
		return out, fault.New(fault.Usage, "give the documents of the role's policies: aws iam get-role-policy, or get-policy-version",
			"reading %q: it names no policy, so that there is nothing to check", in.policies[0])
	}
	return out, nil
}

// document reads the file of a flag, which holds a bare document or an output of one kind.
func (a reader) document(flag, path string, kind intake.Kind) (intake.File, error) {
	f, err := intake.Read(path, a.In)
	if err == nil && f.Kind != intake.Bare && f.Kind != kind {
		err = fault.New(fault.Usage, "give "+string(kind)+", or the document alone", "reading %s %q: it is %s", flag, path, f.Kind)
	}
	return f, err
}

// take sorts in a file that is named without a flag.
func (p *policyInput) take(path string, f intake.File, names *lists) error {
	names.add(path, f)
	switch f.Kind {
	case intake.Trust:
		return p.setTrust(path, f)
	case intake.Repository:
		return p.setRepository(path, f)
	case intake.Names:
		return nil
	}
	p.identity = append(p.identity, f.Document)
	p.current(f)
	return nil
}

// current notes a version that is not the one in force.
func (p *policyInput) current(f intake.File) {
	if f.Outdated != "" {
		p.outdated = append(p.outdated, check.Absent{List: f.Document, Outdated: f.Outdated})
	}
}

func (p *policyInput) setTrust(path string, f intake.File) error {
	if p.trust != nil {
		return fault.New(fault.Usage, "give the trust policy once", "reading %q: a trust policy was read already", path)
	}
	p.trust, p.role, p.roleFile, p.tags = &f.Document, f.Role, path, f.Tags
	return nil
}

func (p *policyInput) setRepository(path string, f intake.File) error {
	if p.repository != nil {
		return fault.New(fault.Usage, "give the repository's policy once", "reading %q: a repository's policy was read already", path)
	}
	p.repository = &f.Document
	return nil
}

// roleOf takes over the role that get-role names.
func (p *policyInput) roleOf(o iam.Order) (iam.Order, error) {
	if p.role == "" {
		return o, nil
	}
	role, err := iam.ParseRole(p.role)
	if err != nil {
		return o, err
	}
	if !o.RoleAssumed && role != o.Role {
		return o, fault.New(fault.Usage, "give the output for that role, or another --role-arn",
			"reading %q: it is of role %s, not of %s", p.roleFile, role.ARN(), o.Role.ARN())
	}
	o.Role, o.RoleAssumed = role, false
	return o, nil
}

// factsOf adds what get-role shows of the role's tags.
func (p *policyInput) factsOf(facts check.Facts) check.Facts {
	for tag, value := range p.tags {
		if key := "aws:PrincipalTag/" + tag; value != "" && facts.Keys[key] == "" {
			facts.Keys[key] = value
		}
	}
	return facts
}

// lists compares the policies that files name with those that they hold.
type lists struct {
	versions int             // documents of managed policies
	inline   map[string]bool // names of inline policies whose documents were read
	boundary bool            // the document of the permissions boundary was read
	lacks    []named
}

type named struct {
	path string
	lack intake.Lack
}

func (l *lists) add(path string, f intake.File) {
	switch f.Kind {
	case intake.Version:
		l.versions++
	case intake.Policy:
		l.inline[f.Policy] = true
	}
	for _, lack := range f.Lacks {
		l.lacks = append(l.lacks, named{path, lack})
	}
}

// absent are the policies whose documents nobody gave. get-policy-version does not say which policy it is of:
// those are counted.
func (l *lists) absent() []check.Absent {
	attached := 0
	for _, one := range l.lacks {
		if one.lack.Attached && !one.lack.Boundary {
			attached++
		}
	}
	var absent []check.Absent
	for _, one := range l.lacks {
		name := one.lack.Name
		switch {
		case one.lack.Boundary && l.boundary:
			continue
		case one.lack.Boundary:
			name = "the permissions boundary " + name
		case one.lack.Attached && l.versions >= attached, !one.lack.Attached && l.inline[name]:
			continue
		case one.lack.Attached && l.versions > 0:
			name = fmt.Sprintf("%s (one of %d attached policies, of which %d were given)", name, attached, l.versions)
		}
		absent = append(absent, check.Absent{Name: name, List: document.Unread(one.path), Command: one.lack.Command, Boundary: one.lack.Boundary})
	}
	return absent
}

// policies reads the documents for lint, of which standard input can be one.
func (a reader) policies(files policyFiles) (policyInput, error) {
	in, err := a.policyFiles(files)
	if err != nil {
		return in, err
	}
	for _, lack := range in.absent {
		if !lack.Boundary { // which lint has a flag for, and a finding
			return in, fault.New(fault.Usage, "give its document as well: "+lack.Command, "reading %q: it names %s without its document", lack.List.File(), lack.Name)
		}
	}
	return in, nil
}
