package secret

// In returns the texts in decoded values that must not be shown.
func In(values map[string]any) []string {
	var found []string
	for key, value := range values {
		found = collect(found, value, Key(key))
	}
	return found
}

func collect(found []string, value any, hidden bool) []string {
	switch v := value.(type) {
	case map[string]any:
		name, _ := v["name"].(string)
		for key, inner := range v {
			found = collect(found, inner, hidden || Key(key) || key == "value" && Named(name))
		}
	case []any:
		for i, inner := range v {
			follows := false
			if i > 0 {
				flag, _ := v[i-1].(string)
				follows = Flag(flag)
			}
			found = collect(found, inner, hidden || follows)
		}
	case string:
		if hidden && v != "" {
			return append(found, v)
		}
		if from, to, ok := UserInfo(v); ok {
			return append(found, v[from:to])
		}
	}
	return found
}
