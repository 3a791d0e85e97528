package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// drafting is a plan that is being made. Each stage that changes something adds it.
type drafting struct {
	plan.Document
	given  Given
	stage  string   // that adds to it
	wanted Rendered // what the release is to have, after the stages so far
}

// draft makes the plan of the stages that are to run.
func draft(ctx context.Context, w *world.World, s *state.State, in Linted) (*plan.Document, error) {
	given := in.Rendered.Given
	d := drafting{Document: plan.Document{Stages: given.Planned, Target: planTarget(w)}, given: given, wanted: in.Rendered}
	var err error
	if d.Target.Source, err = s.SourceURL(w.Destination); err != nil {
		return nil, err
	}
	if d.Facts, err = inputs(ctx, w, s, given); err != nil {
		return nil, err
	}
	if len(given.Planned) > 0 {
		for _, stage := range cutover(given).only(given.Planned).drafted() {
			d.stage = stage.Name
			if err := stage.draft(ctx, w, s, &d); err != nil {
				return nil, err
			}
		}
	}
	on, err := s.OnECR(w.Destination)
	if err != nil {
		return nil, err
	}
	if d.wanted.Edit != nil && !on { // how the person's file would change
		d.Values = d.wanted.Edit.Diff(given.File.Name())
	} else if d.Values, err = deploy.ValuesDiff(s.Live.Values, releaseValues(w, s, d.wanted)); err != nil {
		return nil, err
	}
	return plan.New(d.Document), nil
}

// draftDeploy adds what the switch to ECR does to the release.
func draftDeploy(ctx context.Context, w *world.World, s *state.State, d *drafting) error {
	return draftDeployment(ctx, w, s, &d.Document, d.stage, d.wanted)
}

// draftDisableZot adds what turning Zot off does to the release.
func draftDisableZot(ctx context.Context, w *world.World, s *state.State, d *drafting) error {
	off, err := s.CutOver(w.Destination)
	if err != nil || off || d.given.AsIs {
		return err
	}
	if d.wanted, err = d.given.edit(w, s, true); err != nil {
		return err
	}
	return draftDeployment(ctx, w, s, &d.Document, d.stage, d.wanted)
}

func planTarget(w *world.World) plan.Target {
	return plan.Target{Destination: w.Destination.URL(), Release: w.Target.Release.Namespace + "/" + w.Target.Release.Name, Clusters: clusterNames(w)}
}

// draftDeployment adds what a deployment of values does to the release. What an earlier stage does already is its.
func draftDeployment(ctx context.Context, w *world.World, s *state.State, d *plan.Document, stage string, wanted Rendered) error {
	o := applyOptions(w, s, wanted)
	o.Values = releaseValues(w, s, wanted)
	f, err := deploy.Foresee(ctx, w.Hub, o)
	if err != nil {
		return fmt.Errorf("finding out what %s would change: %w", stage, err)
	}
	addForeseen(d, stage, f)
	if wanted.Given.DiscardLive {
		d.Final = addOnce(d.Final, "values that only the live release has are given up; the journal keeps them until the cutover is finished")
	}
	return nil
}

// releaseValues returns the values that the release is to have. With Flux they come from where its valuesFrom says, too.
func releaseValues(w *world.World, s *state.State, wanted Rendered) map[string]any {
	if w.Target.Release.ManagedBy == target.Flux {
		if merged, err := deploy.Merge(wanted.Given.File.Merged(), wanted.Values, s.Live.Values); err == nil {
			return merged
		}
	}
	return wanted.Values
}

// addForeseen adds to a plan what one stage does.
func addForeseen(d *plan.Document, stage string, f deploy.Foreseen) {
	for _, e := range f.Effects {
		i := slices.IndexFunc(d.Effects, func(before plan.Effect) bool { return before.Object == e.Object })
		e.Stage = stage
		switch {
		case i < 0:
			d.Effects = append(d.Effects, e)
		case d.Effects[i].Action != e.Action: // what comes last is what remains
			d.Effects[i] = e
		case d.Effects[i].Diff != e.Diff:
			e.Stage = d.Effects[i].Stage + ", " + stage
			d.Effects[i] = e
		}
	}
	for _, fact := range f.Facts {
		if !slices.Contains(d.Facts, fact) {
			d.Facts = append(d.Facts, fact)
		}
	}
	for _, object := range f.Restarts {
		d.Restarts = addOnce(d.Restarts, object)
	}
	for _, text := range f.Final {
		d.Final = addOnce(d.Final, text)
	}
	for _, text := range f.Unknown {
		d.Unknown = addOnce(d.Unknown, text)
	}
}

func addOnce(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// draftCopy adds what copy would send, and the repositories that it would make.
func draftCopy(ctx context.Context, w *world.World, s *state.State, d *drafting) error {
	open := existing
	if d.given.CreateRepositories {
		open = func(ctx context.Context, c *ecr.Client) (copy.Destination, error) {
			to, err := copy.ToNew(ctx, c)
			if err != nil && to.Repository != nil {
				d.Effects = append(d.Effects, plan.Effect{Stage: d.stage, Action: plan.Create, Object: "repository " + c.Repository.Name + " in ECR"})
				err = nil
			}
			return to, err
		}
	}
	ends, err := openEndpoints(ctx, w, s, open)
	if err != nil {
		return err
	}
	defer ends.close()
	if ends.source == nil {
		return nil // Zot is off
	}
	pairs, err := ends.pairs(ctx, w, s, d.given, open)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		f, err := p.Foresee(ctx, ends.options)
		if err != nil {
			return err
		}
		repository := ""
		if p.Destination.Address != w.Destination {
			repository = p.Destination.Address.Name + ":"
		}
		addCopy(&d.Document, repository, f)
	}
	if d.Copy.Manifests > 0 {
		d.Final = addOnce(d.Final, "what is copied to ECR stays there, also after a rollback")
		if w.Destination.Registry.Kind == registry.Public {
			d.Final = addOnce(d.Final, "ECR Public lets everybody read what is copied: the rendered manifests of every workload")
		}
	}
	return nil
}

// addCopy adds what is copied to one repository; its name begins those of tags, unless it is that of the workloads. Quotas
// count for all repositories together.
func addCopy(d *plan.Document, repository string, f copy.Foreseen) {
	d.Copy.Manifests += int64(f.Manifests.Copied)
	d.Copy.Blobs += int64(f.Blobs.Copied)
	d.Copy.Bytes += f.Bytes
	d.Copy.Seconds += f.Seconds
	for _, t := range f.Tags {
		tag := plan.Tag{Name: repository + t.Name, Source: t.Digest, Destination: t.Was, Kept: t.Outcome == copy.Kept}
		if t.Outcome == copy.Overwritten {
			d.Final = addOnce(d.Final, fmt.Sprintf("tag %s of the destination no longer names %s", repository+t.Name, t.Was))
		}
		d.Copy.Tags = append(d.Copy.Tags, tag)
	}
}
