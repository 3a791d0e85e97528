// Package threeway takes one change of decoded values back while keeping what was changed since: the live values are
// compared with what the change made and with what was there before it. It works on the values that a release has;
// package revert does the same on the lines of a person's file, where comments and order count.
package threeway

import (
	"fmt"
	"maps"
	"reflect"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Undo returns live without the change from original to applied: what was not part of that change stays as it is.
// Where somebody has changed since what the change had touched, the original counts. Lists whose length differs can't
// be told apart: the error is a refusal.
func Undo(original, applied, live map[string]any) (map[string]any, error) {
	back, err := undo(original, applied, live, "")
	if err != nil {
		return nil, err
	}
	values, _ := back.(map[string]any)
	return values, nil
}

// absent stands for a key that isn't there, which is not the same as null.
type absent struct{}

func undo(original, applied, live any, path string) (any, error) {
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
		return undoMap(before, then, now, path)
	}
	beforeList, isBefore := original.([]any)
	thenList, isThen := applied.([]any)
	nowList, isNow := live.([]any)
	if !isNow || !isThen {
		return original, nil
	}
	if !isBefore || len(beforeList) != len(nowList) || len(thenList) != len(nowList) {
		return nil, fault.New(fault.Refused, "put it back by hand with `palette-ecr render --revert`, or give up what was changed with --discard-changes",
			"going back to the previous values: entries of %s came or went since the cutover", path)
	}
	list := make([]any, len(nowList))
	for i := range list {
		var err error
		if list[i], err = undo(beforeList[i], thenList[i], nowList[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func undoMap(before, then, now map[string]any, path string) (any, error) {
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
		value, err := undo(get(before, key), get(then, key), get(now, key), at)
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
