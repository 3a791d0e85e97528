package mural

import "maps"

// WithoutZot returns values with zot.enabled false. The given ones stay as they are.
func WithoutZot(values map[string]any) map[string]any {
	all, zot := map[string]any{}, map[string]any{}
	maps.Copy(all, values)
	if given, ok := values[Zot].(map[string]any); ok {
		maps.Copy(zot, given)
	}
	zot[Enabled] = false
	all[Zot] = zot
	return all
}

// ZotOn reports whether values have Zot on.
func ZotOn(values map[string]any) bool { return Get(values, ZotEnabled()...) == true }

// IsRegistry reports whether the data of a Secret are a registry's settings, as the chart writes them for hue.
func IsRegistry(data map[string]any) bool { return data[Endpoint] != nil && data[Provider] != nil }

// Get returns the value at a path of keys; nil if there is none.
func Get(values map[string]any, path ...string) any {
	var at any = values
	for _, key := range path {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[key]
	}
	return at
}
