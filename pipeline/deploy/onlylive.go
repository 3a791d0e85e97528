package deploy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/secret"
)

// LiveKey is one key that the live release has another value for than the user's file, and that an upgrade with the
// file would lose. Values are shown only where they can't be a secret.
type LiveKey struct {
	Path string `json:"path"`
	Live string `json:"live"`
	File string `json:"file,omitempty"` // empty: the file lacks the key
}

func (k LiveKey) String() string {
	if k.File == "" {
		return fmt.Sprintf("%s: %s", k.Path, k.Live)
	}
	return fmt.Sprintf("%s: %s (the file has %s)", k.Path, k.Live, k.File)
}

// OnlyLive returns what an upgrade would lose: where the live values differ from the file's, and rendering doesn't set
// the key itself. file is the user's file as it is, rendered what is made of it for the destination, defaults the
// chart's own values: a live value that is also the default is not lost. The order is that of the paths.
func OnlyLive(file, rendered, live, defaults map[string]any) ([]LiveKey, error) {
	var normal [4]map[string]any
	for i, values := range []map[string]any{file, rendered, live, defaults} {
		var err error
		if normal[i], err = chart.Normal(values); err != nil {
			return nil, err
		}
	}
	var found []LiveKey
	compare(normal[0], normal[1], normal[2], normal[3], "", &found)
	slices.SortFunc(found, func(a, b LiveKey) int { return strings.Compare(a.Path, b.Path) })
	return found, nil
}

func compare(file, rendered, live, defaults any, path string, found *[]LiveKey) {
	_, inFile := file.(absent)
	switch {
	case live == any(absent{}):
		return // only the file has it
	case reflect.DeepEqual(live, rendered), reflect.DeepEqual(live, file):
		return
	case inFile && rendered == any(absent{}) && reflect.DeepEqual(live, defaults):
		return
	}
	if now, ok := live.(map[string]any); ok && isMapOrAbsent(file) && isMapOrAbsent(rendered) {
		before, _ := file.(map[string]any)
		made, _ := rendered.(map[string]any)
		without, _ := defaults.(map[string]any)
		for name := range now {
			compare(get(before, name), get(made, name), now[name], get(without, name), join(path, name), found)
		}
		return
	}
	if compareLists(file, rendered, live, path, found) {
		return
	}
	if !reflect.DeepEqual(file, rendered) {
		return // rendering sets it
	}
	lost := LiveKey{Path: path, Live: shown(path, live)}
	if !inFile {
		lost.File = shown(path, file)
	}
	*found = append(*found, lost)
}

// compareLists reports whether the lists could be compared entry by entry.
func compareLists(file, rendered, live any, path string, found *[]LiveKey) bool {
	before, isFile := file.([]any)
	made, isRendered := rendered.([]any)
	now, isLive := live.([]any)
	if !isFile || !isRendered || !isLive {
		return false
	}
	beforeBy, ok1 := byName(before)
	madeBy, ok2 := byName(made)
	nowBy, ok3 := byName(now)
	switch {
	case ok1 && ok2 && ok3:
		for name, entry := range nowBy {
			compare(get(beforeBy, name), get(madeBy, name), entry, absent{}, fmt.Sprintf("%s[name=%s]", path, name), found)
		}
		return true
	case len(before) == len(now) && len(made) == len(now):
		for i := range now {
			compare(before[i], made[i], now[i], absent{}, fmt.Sprintf("%s[%d]", path, i), found)
		}
		return true
	}
	return false
}

func isMapOrAbsent(value any) bool {
	_, isMap := value.(map[string]any)
	return isMap || value == any(absent{})
}

// longestShown is how much of a value is shown.
const longestShown = 40

// shown is a value for people. What stands under a key that names a secret, and text that is long, is not shown; of
// maps and lists only how much is in them.
func shown(path string, value any) string {
	if secret.Path(path) {
		return masking
	}
	switch v := value.(type) {
	case map[string]any:
		return fmt.Sprintf("{%d keys}", len(v))
	case []any:
		return fmt.Sprintf("[%d entries]", len(v))
	case nil:
		return "null"
	case string:
		if len(secret.Everywhere(v)) > 0 || len(v) > longestShown || strings.ContainsAny(v, "\n\r") || strings.Contains(v, "://") && strings.Contains(v, "@") {
			return masking
		}
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprint(value)
}

// RefuseLoss is the error for values that only the cluster has, unless they are to be kept or given up.
func RefuseLoss(keys []LiveKey, release string) error {
	if len(keys) == 0 {
		return nil
	}
	lines := make([]string, len(keys))
	for i, k := range keys {
		lines[i] = k.String()
	}
	return fault.New(fault.Refused, "pass --keep-live to keep them, or --discard-live to give them up; `palette-ecr plan` shows what the release would have then",
		"comparing the file with release %s: %d keys would be lost that only the cluster has so: %s", release, len(keys), strings.Join(lines, "; "))
}
