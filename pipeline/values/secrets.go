package values

import (
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Mask stands for a secret wherever a value is shown.
const Mask = secret.Hidden

// span is a range of bytes.
type span struct{ start, end int }

// Masked is the text of a line, counted from 1, with secrets hidden.
func (t *fileText) Masked(line int) string {
	if t.block.around(line) {
		return t.block.whole.Masked(line)
	}
	return masked(t.stream, t.secrets(), line)
}

// masked is the text of a line with the parts in spans hidden, and what comments and texts in it tell. The spans are in
// order.
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
	return secret.Line(shown.String())
}

// isEncrypted reports whether a value is one that SOPS encrypted.
func isEncrypted(value string) bool {
	return strings.HasPrefix(value, "ENC[") && strings.HasSuffix(value, "]")
}

// commentLines are lines in a row that are comments and nothing else.
var commentLines = regexp.MustCompile(`(?m)(?:^[ \t]*#.*(?:\n|\z))+`)

// commentSign begins such a line.
var commentSign = regexp.MustCompile(`(?m)^[ \t]*# ?`)

// inComments returns what must not be shown of values that were made comments.
func inComments(source string) (found []string) {
	for _, lines := range commentLines.FindAllString(source, -1) {
		found = append(found, secret.InTexts(commentSign.ReplaceAllString(lines, ""))...)
	}
	return found
}
