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
		for key, inner := range v {
			if Logins(key) {
				found = append(found, logins(inner)...)
			}
			found = collect(found, inner, hidden || Key(key) || Entry(key, texts(v)))
		}
	case []any:
		list := make([]string, len(v))
		for i, inner := range v {
			list[i] = plain(inner)
		}
		for i, inner := range v {
			found = collect(found, inner, hidden || Item(list, i))
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

// logins are what is below a key of logins.
func logins(value any) (found []string) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if login := plain(item); Login(login) {
				found = append(found, login)
			}
		}
	case map[string]any:
		for _, item := range v {
			if password := plain(item); password != "" {
				found = append(found, password)
			}
		}
	}
	return found
}

func plain(value any) string {
	text, _ := value.(string)
	return text
}

// texts returns what a mapping has under a key, where that is a text.
func texts(mapping map[string]any) func(string) string {
	return func(key string) string { return plain(mapping[key]) }
}
