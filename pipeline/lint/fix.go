package lint

import (
	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/sops"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// Settings are what an edit of the file has to write: the destination and identity of the input or, as far
// as it says nothing, those that the file itself names. Ok reports whether there is a destination at all.
func Settings(in Input) (s values.Settings, ok bool, err error) {
	v := newView(in)
	destination, ok := v.destination()
	if !ok {
		return s, false, nil
	}
	s.Destination, s.Identity = destination.Registry, in.Target.Identity
	s.Repository, s.KeepCert = destination.Name, in.KeepCert
	s.Interval, s.Timeout = in.Target.Registry.Interval, in.Target.Registry.Timeout
	if namespace := destination.Registry.Namespace; namespace != "" {
		s.Repository = destination.Name[len(namespace)+1:]
	}
	if mode := v.identity(); mode != "" {
		s.Identity.Mode = mode
	}
	for _, a := range v.accounts() {
		if s.Identity.Mode == target.IRSA && s.Identity.RoleARN == "" && rolePattern.MatchString(a.role.text()) {
			s.Identity.RoleARN = a.role.text()
		}
	}
	if in.Chart != nil {
		if s.ChartDefaults, err = chart.Defaults(in.Chart); err != nil {
			return s, false, err
		}
	}
	return s, true, nil
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
	settings, ok, err := Settings(in)
	if err != nil || !ok {
		return nil, err
	}
	rendered, err := in.File.Render(settings)
	if err != nil || len(rendered.Changes) == 0 {
		return nil, err
	}
	return rendered, nil
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
