package values

import "github.com/palette-ecr/palette-ecr/pipeline/values/syntax"

// site is where the values stand in a file.
type site struct {
	kind     Kind
	document *syntax.Document
	base     *syntax.Node // the object that holds them; the whole document in a values.yaml
	basePath []any        // where that is in its document
	rootKeys []string     // where the values are in it: "spec", "values" in a HelmRelease
	root     *syntax.Node // the values: a mapping, or nil if there are none yet
}

// Kind returns what the file is.
func (s *site) Kind() Kind { return s.kind }

// isEmpty reports whether the document holds no value at all: nothing, comments, null or {}.
func (s *site) isEmpty() bool {
	if s.document == nil || s.document.Root == nil {
		return true
	}
	root := s.document.Root
	return root.IsNull() || root.Kind == syntax.Mapping && len(root.Children) == 0
}

// valuesIn finds the values in a decoded document: nil if there are none.
func (s *site) valuesIn(document map[string]any) map[string]any {
	var at any = document
	for _, step := range s.basePath {
		switch step := step.(type) {
		case string:
			m, _ := at.(map[string]any)
			at = m[step]
		case int:
			list, _ := at.([]any)
			if step >= len(list) {
				return nil
			}
			at = list[step]
		}
	}
	for _, key := range s.rootKeys {
		m, _ := at.(map[string]any)
		at = m[key]
	}
	values, _ := at.(map[string]any)
	return values
}
