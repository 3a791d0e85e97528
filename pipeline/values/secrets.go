package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Mask stands for a secret wherever a value is shown.
const Mask = "****"

// secretWords end keys whose values are secrets, or may be: passwords, session secrets, hashes. Names of
// Secrets (secretName) aren't secrets.
var secretWords = []string{
	"password", "passwd", "passphrase", "secret", "token", "hash", "htpasswd", "privatekey", "private_key", "private-key",
	"accesskey", "access_key", "access-key", "credential", "apikey", "api_key", "api-key",
}

// isSecret tells whether a key, or a path that ends with it, says that its value is a secret.
func isSecret(key string) bool {
	const longest = len("private_key") + len("s")
	end := strings.ToLower(key[max(0, len(key)-longest):])
	end = strings.TrimSuffix(end, "s")
	for _, word := range secretWords {
		if strings.HasSuffix(end, word) || strings.HasSuffix(end, strings.TrimSuffix(word, "s")) {
			return true
		}
	}
	return false
}

// span is a range of bytes.
type span struct{ start, end int }

// secrets finds the scalars that must not be shown, in the order of the file: values of secret keys, at any
// depth below them, and what basicAuth holds.
func secrets(s *syntax.Stream) []span {
	var found []span
	for i := range s.Documents {
		if root := s.Documents[i].Root; root != nil {
			found = collectSecrets(found, root, false)
		}
	}
	return found
}

func collectSecrets(found []span, n *syntax.Node, secret bool) []span {
	switch n.Kind {
	case syntax.Scalar:
		if secret && n.End > n.Start && !n.IsNull() {
			found = append(found, span{n.Start, n.End})
		}
	case syntax.Sequence:
		for _, item := range n.Children {
			found = collectSecrets(found, item, secret)
		}
	case syntax.Mapping:
		for i := 0; i+1 < len(n.Children); i += 2 {
			key := n.Children[i].Value
			// A mapping below such a key (secretReference, tokens) is looked into, but not all of it is secret.
			inner := secret && n.Children[i+1].Kind != syntax.Mapping || isSecret(key)
			found = collectSecrets(found, n.Children[i+1], inner)
		}
	}
	return found
}

// Masked is the text of a line, counted from 1, with secrets as ****.
func (f *File) Masked(line int) string {
	f.once.Do(func() { f.secrets = secrets(f.stream) })
	return masked(f.stream, f.secrets, line)
}

// masked is the text of a line with the parts in spans replaced. The spans are in order.
func masked(s *syntax.Stream, spans []span, line int) string {
	text := s.Line(line)
	start := s.LineStart(line)
	start += strings.Index(s.Source[start:], text) // behind a byte order mark
	end := start + len(text)
	low, high := 0, len(spans)
	for low < high { // the first span that ends behind the line's start
		if mid := (low + high) / 2; spans[mid].end <= start {
			low = mid + 1
		} else {
			high = mid
		}
	}
	var shown strings.Builder
	at := start
	for ; low < len(spans) && spans[low].start < end; low++ {
		from, to := max(spans[low].start, at), min(spans[low].end, end)
		hidden := s.Source[from:to]
		indent := len(hidden) - len(strings.TrimLeft(hidden, " \t"))
		shown.WriteString(s.Source[at : from+indent])
		if strings.TrimSpace(hidden) != "" {
			shown.WriteString(Mask)
		}
		at = to
	}
	shown.WriteString(s.Source[at:end])
	return shown.String()
}
