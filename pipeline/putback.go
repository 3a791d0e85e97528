package pipeline

import (
	"context"
	"fmt"
	"maps"
	"reflect"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// checkPutBack finds out whether the values can be put back, before anything is copied.
func (s *session) checkPutBack(ctx context.Context) error {
	if reason, err := s.toPutBack(); reason != "" || err != nil {
		return err
	}
	wanted, err := s.valuesBack()
	if err != nil {
		return err
	}
	o, err := s.putting(wanted)
	if err != nil {
		return err
	}
	return deploy.Check(ctx, s.hub, o)
}

// valuesBack are the live values with what the cutover changed in them undone. Turning Zot off is part of it, whoever
// did it in the end: a stage, or a commit.
func (s *session) valuesBack() (map[string]any, error) {
	var normal [3]map[string]any
	for i, values := range []map[string]any{s.journal.Original, mural.WithoutZot(s.journal.Applied), s.live.Values} {
		var err error
		if normal[i], err = chart.Normal(values); err != nil {
			return nil, err
		}
	}
	original, applied, live := normal[0], normal[1], normal[2]
	if s.DiscardChanges || s.journal.Applied == nil {
		return original, nil
	}
	back, err := undone(original, applied, live, "")
	if err != nil {
		return nil, err
	}
	values, _ := back.(map[string]any)
	return values, nil
}

// absent stands for a key that isn't there, which is not the same as null.
type absent struct{}

// undone takes the change from original to applied out of live: what was not part of it stays as it is live. Where
// somebody has changed since what the cutover had changed, the original counts.
func undone(original, applied, live any, path string) (any, error) {
	switch {
	case reflect.DeepEqual(live, applied):
		return original, nil
	case reflect.DeepEqual(original, applied):
		return live, nil
	}
	before, isBefore := original.(map[string]any)
	then, isThen := applied.(map[string]any)
	now, isNow := live.(map[string]any)
	if isNow && isThen && (isBefore || original == any(absent{})) {
		return undoneMap(before, then, now, path)
	}
	beforeList, isBefore := original.([]any)
	thenList, isThen := applied.([]any)
	nowList, isNow := live.([]any)
	if !isNow || !isThen {
		return original, nil
	}
	if !isBefore || len(beforeList) != len(nowList) || len(thenList) != len(nowList) {
		return nil, fault.New(fault.Refused, "put it back by hand with `palette-ecr render --revert`, or give up what was changed with --discard-changes",
			"going back to the values of before: entries of %s came or went since the cutover", path)
	}
	list := make([]any, len(nowList))
	for i := range list {
		var err error
		if list[i], err = undone(beforeList[i], thenList[i], nowList[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func undoneMap(before, then, now map[string]any, path string) (any, error) {
	keys := maps.Clone(before)
	if keys == nil {
		keys = map[string]any{}
	}
	maps.Copy(keys, now)
	result := map[string]any{}
	for key := range keys {
		at := key
		if path != "" {
			at = path + "." + key
		}
		value, err := undone(get(before, key), get(then, key), get(now, key), at)
		if err != nil {
			return nil, err
		}
		if value != any(absent{}) {
			result[key] = value
		}
	}
	if before == nil && len(result) == 0 {
		return absent{}, nil
	}
	return result, nil
}

func get(m map[string]any, key string) any {
	if value, ok := m[key]; ok {
		return value
	}
	return absent{}
}

// putBack gives the release its values. Without the chart, Helm's history is asked for a revision that has them.
func (s *session) putBack(ctx context.Context) error {
	wanted, err := s.valuesBack()
	if err != nil {
		return err
	}
	o, err := s.putting(wanted)
	if err != nil {
		return err
	}
	if s.chart == nil && o.Release.ManagedBy == target.Helm {
		revision, err := deploy.Revision(ctx, s.hub, o)
		if err != nil {
			return err
		}
		if revision > 0 {
			if err := deploy.Undo(ctx, s.hub, o, revision); err != nil {
				return err
			}
			s.live, err = deploy.Live(ctx, s.hub, s.Target.Release)
			return err
		}
		s.Progress.Say("Helm's history has no revision with these values: the chart is needed")
		if err := s.loadChart(ctx); err != nil {
			return err
		}
		o.Chart = s.chart
	}
	if _, err := deploy.Run(ctx, s.hub, o); err != nil {
		return err
	}
	s.live, err = deploy.Live(ctx, s.hub, s.Target.Release)
	return err
}

// putting is a deployment of just these values, with the chart and the CRDs that the release has.
func (s *session) putting(wanted map[string]any) (deploy.Options, error) {
	o := deploy.Options{
		Release: s.Target.Release, Values: wanted, Chart: s.chart, HTTPClient: s.HTTPClient, Timeout: s.Timeout, Progress: s.Progress, Now: s.Now,
	}
	o.Release.CRDs = target.CRDs{}
	var err error
	if o.Release.ManagedBy == target.Flux {
		o.HelmRelease, err = deploy.WithValues(s.file.Data(), wanted)
	}
	return o, err
}
