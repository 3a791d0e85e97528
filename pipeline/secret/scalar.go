package secret

import "strings"

// scalar returns the end of the scalar that begins at i: of a quoted one behind its closing quote, or the
// line's end when that is in a further line; of a plain one where YAML ends it.
func (m *masker) scalar(i int) int {
	if q := m.in[i]; q == '"' || q == '\'' {
		for j := i + 1; j < len(m.in); j++ {
			switch {
			case q == '"' && m.in[j] == '\\':
				j++
			case m.in[j] == q && q == '\'' && j+1 < len(m.in) && m.in[j+1] == q:
				j++
			case m.in[j] == q:
				return j + 1
			}
		}
		return len(m.in)
	}
	j := i
	for ; j < len(m.in); j++ {
		if m.in[j] == ':' && m.endsWord(j+1) || m.in[j] == '#' && blank(m.in[max(j-1, 0)]) ||
			m.flow > 0 && strings.ContainsRune(",[]{}", m.in[j]) {
			break
		}
	}
	for j > i && blank(m.in[j-1]) {
		j--
	}
	return max(j, min(i+1, len(m.in)))
}

// block returns the end of what stands at i in block style: before a comment, or the end of the line. It is
// generous, since the line may be one of a flow collection that began earlier, or not be YAML at all.
func (m *masker) block(i int) int {
	end := i
	for j := i; j < len(m.in) && !(m.in[j] == '#' && blank(m.in[max(j-1, 0)])); j++ {
		if !blank(m.in[j]) {
			end = j + 1
		}
	}
	return end
}

func blank(r rune) bool { return r == ' ' || r == '\t' }

func unquote(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') {
		return strings.Trim(s, s[:1])
	}
	return s
}

// harmless reports whether a value behind a credential's key is none: empty, null, a boolean, an alias or the
// sign of a block scalar.
func harmless(value string) bool {
	switch strings.ToLower(strings.TrimRight(value, ",}] ")) {
	case "", `""`, "''", "~", "null", "true", "false":
		return true
	}
	return strings.ContainsRune("*|>", rune(value[0])) && !strings.ContainsAny(value, " ")
}
