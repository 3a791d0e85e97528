// Package chart gets a Helm chart from wherever the release takes it, and says what the chart by itself
// says: its merged default values and the manifests that it makes of a user's values. Both are facts that
// the registry settings are judged by, since deleting a key from a user's file does not delete it from the
// chart's defaults (domain: the Helm merge trap).
package chart

import (
	"helm.sh/helm/v3/pkg/chart"
)

// Clone copies a chart as far as Helm's rendering changes it: values, metadata and the tree of subcharts.
// Helm resolves conditions, aliases and imported values in place, so a chart that was rendered once with
// zot.enabled false would have no zot in the next rendering.
func Clone(c *chart.Chart) *chart.Chart {
	metadata := *c.Metadata
	metadata.Dependencies = make([]*chart.Dependency, len(c.Metadata.Dependencies))
	for i, d := range c.Metadata.Dependencies {
		dependency := *d
		metadata.Dependencies[i] = &dependency
	}
	copied := &chart.Chart{
		Raw:       c.Raw,
		Metadata:  &metadata,
		Lock:      c.Lock,
		Templates: c.Templates,
		Values:    cloneMap(c.Values),
		Schema:    c.Schema,
		Files:     c.Files,
	}
	for _, d := range c.Dependencies() {
		copied.AddDependency(Clone(d))
	}
	return copied
}

func cloneMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	copied := make(map[string]any, len(m))
	for key, value := range m {
		copied[key] = cloneValue(value)
	}
	return copied
}

func cloneValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return cloneMap(v)
	case []any:
		copied := make([]any, len(v))
		for i, item := range v {
			copied[i] = cloneValue(item)
		}
		return copied
	default:
		return value
	}
}
