package lint

import (
	"errors"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/render"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/sops"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// Judged reports whether anything in the input points at ECR, so that it is judged as such.
func Judged(in Input) bool { return newView(in).judged }

// Wanted are the options of an edit of the file: the destination and identity of the input or, as far as it says nothing,
// those that the file itself names. Ok reports whether there is a destination at all.
func Wanted(in Input) (o render.Options, ok bool) {
	v := newView(in)
	destination, ok := v.destination()
	if !ok {
		return o, false
	}
	o = render.Options{Target: in.Target.WithDefaults(), Chart: in.Chart, KeepCert: in.KeepCert}
	to := &o.Target.Registry
	to.AllowPublic = to.AllowPublic || to.Endpoint == "" // the file points there already
	to.Endpoint, to.Repository = destination.Registry.Endpoint(), destination.Name
	if namespace := destination.Registry.Namespace; namespace != "" {
		to.Repository = destination.Name[len(namespace)+1:]
	}
	identity := &o.Target.Identity
	if mode := v.identity(); mode != "" {
		identity.Mode = mode
	}
	for _, a := range v.accounts() {
		if identity.Mode == target.IRSA && identity.RoleARN == "" && rolePattern.MatchString(a.role.text()) {
			identity.RoleARN = a.role.text()
		}
	}
	if in.Target.Identity.Mode == "" && identity.RoleARN == "" {
		identity.Mode = target.InstanceProfile // nobody says how, and nothing is annotated
	}
	return o, true
}

// Fix corrects what the findings say, with the editor of render: nil when none of them can be corrected so.
// What is ignored stays. The error is that of the edit, for example where it lacks a role's ARN.
func Fix(in Input, findings []report.Finding) (*values.Rendered, error) {
	wanted := false
	for _, f := range findings {
		wanted = wanted || f.Ignored == "" && f.Place.File == in.File.Name() && Fixable(f.Rule)
	}
	if !wanted {
		return nil, nil
	}
	options, ok := Wanted(in)
	if !ok {
		return nil, nil
	}
	rendered, err := render.Run(in.File, options)
	if err != nil || len(rendered.Changes) == 0 {
		return nil, err
	}
	return rendered, nil
}

// byRender is a remedy that render carries out, behind what must be done before: render refuses where something else wins
// over what it writes.
func (v *view) byRender(remedy string) string {
	if first := v.outranked(); first != "" {
		return "first " + first + "; then " + remedy
	}
	return remedy
}

// outrankedBy returns what to do about something that wins over what render would write; "" for nothing.
func outrankedBy(in Input) string {
	options, ok := Wanted(in)
	if !ok || len(in.File.Layers()) == 0 {
		return ""
	}
	if options.Target.Identity.Mode == target.IRSA && options.Target.Identity.RoleARN == "" {
		options.Target.Identity.Mode = target.InstanceProfile // whichever the role is to be, the registry is the same
	}
	_, err := render.Run(in.File, options)
	if !errors.Is(err, values.ErrOutranked) {
		return ""
	}
	return fault.RemedyOf(err)
}

// Fixed corrects what the rules find. Where nothing can be corrected in a file that SOPS encrypted, it is decrypted and
// looked at again; decrypt may be nil.
func Fixed(in Input, decrypt sops.Opener) (*values.Rendered, error) {
	fix := func() (*values.Rendered, error) {
		findings, err := Run(in)
		if err != nil {
			return nil, err
		}
		return Fix(in, findings)
	}
	rendered, err := fix()
	if rendered != nil || decrypt == nil || !in.File.Encrypted() {
		return rendered, err
	}
	if in.File, err = decrypt(in.File); err != nil {
		return nil, err
	}
	return fix()
}
