package deploy

import (
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Merge applies to theirs what changed from base to ours: a three-way merge, in which ours counts where both have
// changed the same key. Keeping what only the cluster has is Merge(file, rendered, live); taking the cutover out of
// the live values is Merge(applied, original, live). Entries of lists are the same when they have the same name, and
// else when the lists are of the same length; lists that can't be compared are an error with code Refused.
//
// It merges decoded values, which a release has: no comments, no order of keys, and nobody to ask about a conflict.
// values.Rendered.Undo is the three-way merge of a file's text, which keeps every byte and refuses a conflict.
func Merge(base, ours, theirs map[string]any) (map[string]any, error) {
	var normal [3]map[string]any
	for i, values := range []map[string]any{base, ours, theirs} {
		var err error
		if normal[i], err = chart.Normal(values); err != nil {
			return nil, err
		}
	}
	merged, err := merge(normal[0], normal[1], normal[2], "")
	if err != nil {
		return nil, err
	}
	values, _ := merged.(map[string]any)
	return values, nil
}

// absent stands for a key that isn't there, which is not the same as null.
type absent struct{}

func merge(base, ours, theirs any, path string) (any, error) {
	switch {
	case reflect.DeepEqual(theirs, base), reflect.DeepEqual(theirs, ours):
		return ours, nil
	case reflect.DeepEqual(ours, base):
		return theirs, nil
	}
	if mine, ok := ours.(map[string]any); ok || ours == any(absent{}) {
		before, isBefore := base.(map[string]any)
		now, isNow := theirs.(map[string]any)
		if isNow && (isBefore || base == any(absent{}) && ok) {
			return mergeMaps(before, mine, now, path, ok)
		}
	}
	mine, isMine := ours.([]any)
	before, isBefore := base.([]any)
	now, isNow := theirs.([]any)
	if !isNow || !isMine || !isBefore {
		return ours, nil
	}
	return mergeLists(before, mine, now, path)
}

func mergeMaps(base, ours, theirs map[string]any, path string, keep bool) (any, error) {
	keys := maps.Clone(ours)
	if keys == nil {
		keys = map[string]any{}
	}
	maps.Copy(keys, theirs)
	result := map[string]any{}
	for key := range keys {
		value, err := merge(get(base, key), get(ours, key), get(theirs, key), join(path, key))
		if err != nil {
			return nil, err
		}
		if value != any(absent{}) {
			result[key] = value
		}
	}
	if !keep && len(result) == 0 {
		return absent{}, nil
	}
	return result, nil
}

// mergeLists merges entry by entry. Their order is theirs, then what only ours has.
func mergeLists(base, ours, theirs []any, path string) (any, error) {
	before, okBase := byName(base)
	mine, okOurs := byName(ours)
	now, okTheirs := byName(theirs)
	if okBase && okOurs && okTheirs {
		order := names(theirs)
		for _, name := range names(ours) {
			if now[name] == nil {
				order = append(order, name)
			}
		}
		list := []any{}
		for _, name := range order {
			value, err := merge(get(before, name), get(mine, name), get(now, name), fmt.Sprintf("%s[name=%s]", path, name))
			if err != nil {
				return nil, err
			}
			if value != any(absent{}) {
				list = append(list, value)
			}
		}
		return list, nil
	}
	if len(base) != len(theirs) || len(ours) != len(theirs) {
		return nil, fault.New(fault.Refused, "bring the file and the release together by hand at this key, or give up what only the cluster has with --discard-live (rollback: --discard-changes)",
			"merging the values of the release: entries of %s came or went, and they have no names to match them by", path)
	}
	list := make([]any, len(theirs))
	for i := range list {
		var err error
		if list[i], err = merge(base[i], ours[i], theirs[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// byName is a list's entries by their names, if each has one of its own.
func byName(list []any) (map[string]any, bool) {
	entries := make(map[string]any, len(list))
	for _, entry := range list {
		name := nameOf(entry)
		if name == "" || entries[name] != nil {
			return nil, false
		}
		entries[name] = entry
	}
	return entries, true
}

func names(list []any) []string {
	all := make([]string, len(list))
	for i, entry := range list {
		all[i] = nameOf(entry)
	}
	return all
}

func nameOf(entry any) string {
	fields, _ := entry.(map[string]any)
	name, _ := fields["name"].(string)
	return name
}

func get(m map[string]any, key string) any {
	if value, ok := m[key]; ok {
		return value
	}
	return absent{}
}

// join is a path with one more key; a key with a dot is quoted.
func join(path, key string) string {
	if strings.ContainsAny(key, ".[]\" ") {
		key = fmt.Sprintf("%q", key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
