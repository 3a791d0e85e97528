// Package revert renders the rollback: from a file that render has edited, and perhaps people after it, and
// the original that was kept, to a file with the original's registry settings and everything else as it is
// now. It exists because putting the old file back would undo whatever else was changed since.
package revert

import (
	"reflect"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/render"
	"github.com/palette-ecr/palette-ecr/pipeline/sops"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// Input is what is needed for the rollback.
type Input struct {
	File     *values.File // as it is now
	Original *values.File // as it was before render
	Target   target.Cutover
	Chart    *helmchart.Chart // the one that render was given, if any
	Decrypt  sops.Opener      // of files that SOPS encrypted; nil leaves them as they are
}

// Run makes the file with the original's registry settings. What render wrote is told apart from what people
// changed by rendering the original again. An error is a *fault.Error, and names the lines of both that
// can't be told apart.
func Run(in Input) (*values.Rendered, error) {
	for _, f := range []**values.File{&in.File, &in.Original} {
		if in.Decrypt == nil || !(*f).Encrypted() {
			continue
		}
		var err error
		if *f, err = in.Decrypt(*f); err != nil {
			return nil, err
		}
	}
	options, err := in.options()
	if err != nil {
		return nil, err
	}
	rendered, err := render.Run(in.Original, options)
	if err != nil {
		return nil, err
	}
	back, err := in.undo(rendered)
	if err != nil {
		return nil, in.stuck("%w", err)
	}
	// The proof: rendered again, the result must have the file's values. The bytes may differ, where render
	// would now put a key somewhere else.
	again, err := render.Run(back.File(), options)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(again.File().Values(), in.File.Values()) {
		return nil, in.stuck("render doesn't lead from the result to the file again")
	}
	return back, nil
}

// undo takes the edit back in the file. Where sops wrote it, the text is sops's, and not the one that render made: then it
// is taken back from what sops makes of the original.
func (in Input) undo(rendered *values.Rendered) (*values.Rendered, error) {
	back, err := rendered.Undo(in.File)
	if err == nil || in.Decrypt == nil || !rendered.SealedBySOPS() {
		return back, err
	}
	sealed, e := rendered.Sealed()
	if e != nil {
		return nil, e
	}
	written, e := values.Parse(in.Original.Name(), sealed)
	if e == nil {
		written, e = in.Decrypt(written)
	}
	if e != nil {
		return nil, e
	}
	return rendered.As(written).Undo(in.File)
}

func (in Input) stuck(format string, args ...any) error {
	return fault.New(fault.Failed, "take the registry settings from the original by hand: see palette-ecr render --diff on it",
		"reverting %q to %q: "+format, append([]any{in.File.Name(), in.Original.Name()}, args...)...)
}

// options are those that render was given: what the flags say, and else what the file has.
func (in Input) options() (render.Options, error) {
	l := lint.Input{File: in.File, Target: in.Target, Chart: in.Chart}
	var err error
	if in.Target.Registry.Endpoint != "" {
		if l.Destination, err = in.Target.Destination(); err != nil {
			return render.Options{}, err
		}
	}
	options, ok := lint.Wanted(l)
	if !ok {
		return options, fault.New(fault.Usage, "give the endpoint that it was rendered for", "reverting %q: it doesn't point at ECR", in.File.Name())
	}
	if identity := &options.Target.Identity; identity.Mode == target.IRSA && identity.RoleARN == "" {
		identity.Mode = target.InstanceProfile // nothing is annotated
	}
	enabled, ok := in.File.Lookup(mural.Zot, mural.Enabled)
	options.DisableZot = ok && enabled.Value() == false
	return options, nil
}
