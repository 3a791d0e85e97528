package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// deployRelease gives the release the new values. What the way back needs is kept before anything is touched.
func deployRelease(ctx context.Context, s *session) (summary, error) {
	wanted, err := s.want()
	if err != nil {
		return summary{}, err
	}
	if err := s.proveRendered(wanted); err != nil {
		return summary{}, err
	}
	if !s.switched() {
		s.journal.Begin(s.destination.URL(), s.sourceURL(), s.live.Revision, s.live.Values)
		s.journal.Applied, s.journal.ManagedBy = wanted.Values(), string(s.Target.Release.ManagedBy)
		if err := s.journal.Save(ctx); err != nil {
			return summary{}, err
		}
	}
	result, err := s.apply(ctx, wanted)
	s.deployed = result
	if err != nil {
		return summary{}, err
	}
	// A run that was killed in between has switched, but not noted when.
	if result.Changed || s.journal.SwitchedAt.IsZero() {
		s.journal.Switched(result.SwitchedAt)
		if err := s.journal.Save(ctx); err != nil {
			return summary{}, err
		}
	}
	if !result.Changed {
		return summary{skip: result.Reason}, nil
	}
	return summary{text: described(s, result)}, nil
}

// apply deploys values and reads the release again.
func (s *session) apply(ctx context.Context, wanted *values.File) (*deploy.Result, error) {
	release := s.Target.Release
	if release.CRDs.Version == "" && strings.HasPrefix(release.CRDs.Chart, "oci://") {
		s.Progress.Say("mural-crds stays as it is: no version of it is given")
		release.CRDs = target.CRDs{}
	}
	result, err := deploy.Run(ctx, s.hub, deploy.Options{
		Release: release, Values: wanted.Values(), Chart: s.chart, HelmRelease: wanted.Data(),
		HTTPClient: s.HTTPClient, Timeout: s.Timeout, Progress: s.Progress, Now: s.Now,
	})
	if err != nil {
		return result, err
	}
	s.live, err = deploy.Live(ctx, s.hub, s.Target.Release)
	return result, err
}

func described(s *session, r *deploy.Result) string {
	text := fmt.Sprintf("%s is at revision %d", s.Target.Release.Name, r.Revision)
	if r.CRDs != "" {
		text += "; " + r.CRDs
	}
	if len(r.Restarted) > 0 {
		text += "; restarted " + strings.Join(r.Restarted, " and ")
	}
	return text
}

// proveRendered is the gate before the cluster is touched. What it saw goes into the report.
func (s *session) proveRendered(wanted *values.File) error {
	p, err := s.judgeRendered(wanted)
	if err != nil {
		return err
	}
	s.report.Proofs = append(s.report.Proofs, p)
	return refuse(p)
}

func (s *session) judgeRendered(wanted *values.File) (report.Proof, error) {
	old, _, err := s.sourceSettings()
	if err != nil {
		return report.Proof{}, err
	}
	return validate.Rendered(validate.Manifests{
		Chart: s.chart, Values: wanted.Values(), Endpoint: s.destination.Registry.Endpoint(), Sources: []string{s.sourceURL()}, Secrets: []string{old.BasicAuth.Password},
		Release: chart.Release{Name: s.Target.Release.Name, Namespace: s.Target.Release.Namespace, KubeVersion: s.kubernetes},
	}, s.validation()), nil
}

// refuse is gate where nothing has been touched yet.
func refuse(p report.Proof) error {
	if err := gate(p); err != nil {
		return fault.New(fault.Refused, fault.RemedyOf(err), "%w", err)
	}
	return nil
}

// undoDeploy puts the release back to the revision before this run, and waits until every workload reads from
// the source again.
func undoDeploy(ctx context.Context, s *session) (summary, error) {
	if s.deployed == nil || !s.deployed.Changed || s.deployed.PreviousRevision == 0 {
		return summary{skip: "this run has not changed the release"}, nil
	}
	s.Progress.Stage("back to Zot")
	err := deploy.Undo(ctx, s.hub, deploy.Options{
		Release: s.Target.Release, HelmRelease: s.file.Data(), HTTPClient: s.HTTPClient, Timeout: s.Timeout, Progress: s.Progress, Now: s.Now,
	}, s.deployed.PreviousRevision)
	if err != nil {
		return summary{}, err
	}
	if err := s.returned(ctx); err != nil {
		return summary{}, err
	}
	return summary{text: fmt.Sprintf("the release has the values of revision %d again; Zot serves, and every workload reads from it", s.deployed.PreviousRevision)}, nil
}
