package pipeline

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// render edits the values for the destination. Zot stays as it is in the live release: turning it off is the
// business of the last stage, and turning it on again would be a step back.
func render(_ context.Context, s *session) (summary, error) {
	if s.AsIs {
		return summary{skip: "the values are taken as they are"}, nil
	}
	changes, err := s.renderValues(s.zotIsOff())
	if err != nil {
		return summary{}, err
	}
	if len(changes) == 0 {
		return summary{skip: fmt.Sprintf("%s has the registry settings already", s.Target.ValuesPath())}, nil
	}
	for _, c := range changes {
		s.Progress.Say("%s", c)
	}
	return summary{
		text:   fmt.Sprintf("%d settings of %s differ from what the release is to have", len(changes), s.Target.ValuesPath()),
		counts: map[string]int64{"changes": int64(len(changes))},
	}, nil
}

// renderValues sets what the release is to have.
func (s *session) renderValues(withoutZot bool) ([]values.Change, error) {
	defaults, err := chart.Defaults(s.chart)
	if err != nil {
		return nil, err
	}
	s.rendered, err = s.file.Render(values.Settings{
		Destination: s.destination.Registry, Repository: s.Target.Registry.Repository, Identity: s.Target.Identity,
		DisableZot: withoutZot, ChartDefaults: defaults,
	})
	if err != nil {
		return nil, err
	}
	s.wanted, err = values.Parse(s.Target.ValuesPath(), s.rendered.Output)
	return s.rendered.Changes, err
}

// want gives the values that the release is to have, also when the stage render was not asked for.
func (s *session) want() (*values.File, error) {
	if s.wanted == nil && s.AsIs {
		s.wanted = s.file
	}
	if s.wanted == nil {
		if _, err := s.renderValues(s.zotIsOff()); err != nil {
			return nil, err
		}
	}
	return s.wanted, nil
}

// lintValues checks what the release is to have.
func lintValues(_ context.Context, s *session) (summary, error) {
	wanted, err := s.want()
	if err != nil {
		return summary{}, err
	}
	findings, err := lint.Run(lint.Input{File: wanted, Before: s.file, KubeVersion: s.kubernetes, Target: s.Target, Destination: s.destination, Chart: s.chart})
	if err != nil {
		return summary{}, err
	}
	s.report.Findings, s.report.Rules = append(s.report.Findings, findings...), lint.Catalogue()
	var errors, warnings int64
	var first *report.Finding
	for i, f := range findings {
		switch {
		case f.Ignored != "":
		case f.Severity == report.Error:
			if errors++; first == nil {
				first = &findings[i]
			}
		case f.Severity == report.Warning:
			warnings++
		}
	}
	counts := map[string]int64{"errors": errors, "warnings": warnings}
	if first != nil {
		return summary{counts: counts}, fault.New(fault.Refused, first.Remedy,
			"linting %q: %s: %s (%s, %d errors in all)", s.Target.ValuesPath(), first.Place, first.Message, first.Rule, errors)
	}
	return summary{text: fmt.Sprintf("no error, %d warnings", warnings), counts: counts}, nil
}
