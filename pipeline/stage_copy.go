package pipeline

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
)

// copyArtifacts copies everything from the source to ECR and proves that all of it is there.
func copyArtifacts(ctx context.Context, s *session) (summary, error) {
	from, to, options, err := s.ends(ctx)
	if err != nil {
		return summary{}, err
	}
	if from == nil {
		p, err := copy.Complete(ctx, to, options)
		return summary{skip: "Zot is off in the live release: there is nothing left to copy from"}, s.proven(p, err)
	}
	result, p, err := copy.RunProven(ctx, *from, to, options)
	return summary{text: result.String(), counts: result.Counts()}, s.proven(p, err)
}

// proveClosure proves what copy does, and sends nothing.
func (s *session) proveClosure(ctx context.Context) error {
	from, to, options, err := s.ends(ctx)
	if err != nil {
		return err
	}
	if from == nil {
		return s.proven(copy.Complete(ctx, to, options))
	}
	return s.proven(copy.Verify(ctx, *from, to, options))
}

// ends are where artifacts are copied from and to. No source means that Zot is off.
func (s *session) ends(ctx context.Context) (*copy.Source, copy.Destination, copy.Options, error) {
	options := copy.Options{Progress: s.Progress, Now: s.Now}
	to, err := copy.ToECR(ctx, s.registry)
	if err != nil {
		return nil, to, options, err
	}
	if options.References, err = s.references(ctx); err != nil {
		return nil, to, options, err
	}
	settings, ok, err := s.sourceSettings()
	if err != nil || !ok {
		return nil, to, options, err
	}
	address, access, err := s.reach(ctx, settings)
	if err != nil {
		return nil, to, options, err
	}
	from, err := copy.OpenSource(address, access)
	if err != nil {
		return nil, to, options, err
	}
	// Once hue pushes to ECR, a tag there may be newer than the one that was left in Zot.
	options.Keep = s.switched()
	return &from, to, options, nil
}

// proven takes the proof into the report; anything but held ends the stage.
func (s *session) proven(p report.Proof, err error) error {
	if err != nil {
		return err
	}
	s.report.Proofs = append(s.report.Proofs, p)
	return gate(p)
}

// gate turns a proof that does not hold into the error that ends a stage.
func gate(p report.Proof) error {
	where := ""
	if p.Cluster != "" {
		where = " on " + p.Cluster
	}
	switch p.Verdict {
	case report.Held:
		return nil
	case report.Unproven:
		return fault.New(fault.Unproven, p.Remedy, "proving %s%s: unproven: %s", p.Name, where, p.Cause)
	}
	return fault.New(fault.Failed, p.Remedy, "proving %s%s: %s", p.Name, where, p.Cause)
}

// references are what clusters use of the source, or of the destination after the switch.
func (s *session) references(ctx context.Context) ([]copy.Reference, error) {
	var all []copy.Reference
	for _, c := range s.fleet() {
		used, err := validate.References(ctx, c, s.validation())
		if err != nil {
			return nil, fmt.Errorf("listing what cluster %q uses: %w", c.Name, err)
		}
		all = append(all, used...)
	}
	return all, nil
}

// sourceSettings tells how the source is reached: as the live release says, or, when that is on ECR already, as
// the journal remembers it. Not ok means that Zot is off.
func (s *session) sourceSettings() (settings hueRegistry, ok bool, err error) {
	settings, zot, err := registryOf(s.live.Merged)
	if err != nil {
		return settings, false, err
	}
	if !s.switched() {
		return settings, true, nil
	}
	if !zot || s.journal.Original == nil || s.chart == nil {
		return hueRegistry{}, false, nil
	}
	settings, _, err = s.originalSettings()
	return settings, err == nil, err
}

// originalSettings are those from before the cutover, as the journal remembers them, and whether Zot was on.
func (s *session) originalSettings() (hueRegistry, bool, error) {
	merged, err := chart.Merged(s.chart, s.journal.Original)
	if err != nil {
		return hueRegistry{}, false, err
	}
	return registryOf(merged)
}

// switched tells whether hue of the live release is on the destination.
func (s *session) switched() bool {
	settings, _, err := registryOf(s.live.Merged)
	if err != nil {
		return false
	}
	at, err := settings.address()
	return err == nil && at.URL() == s.destination.URL()
}

// zotIsOff tells whether the live release is on the destination, with Zot off.
func (s *session) zotIsOff() bool {
	if s.live == nil {
		return false
	}
	_, zot, err := registryOf(s.live.Merged)
	return err == nil && !zot && s.switched()
}

// sourceURL is the URL that workloads had, or have, from the source; "" when nobody knows any more.
func (s *session) sourceURL() string {
	settings, ok, err := s.sourceSettings()
	if err == nil && ok {
		if at, err := settings.address(); err == nil {
			return at.URL()
		}
	}
	return s.journal.Source
}
