// Package secret is the one place that decides what must not be shown, and how it is hidden: by the key that a value
// stands under, by the shape that a secret has, and by the values themselves once they are known. Whatever prints
// values, lines of a file, errors or reports asks here.
package secret

import "strings"

// Hidden stands for a secret. It is always as long, so that it shows nothing of the secret.
const Hidden = "********"

// Line hides what a line of YAML or JSON must not show to others: the values of keys that hold credentials
// (password, username, token, auth and their like), in block and flow style, quoted or not, also in comments,
// and the user information of addresses. Keys and tags stay. Columns left of the first secret stay as they are; those
// right of it move, because what stands for a secret is always as long.
func Line(line string) string {
	body := strings.TrimRight(line, "\r\n")
	m := masker{in: []rune(body)}
	m.run()
	return Text(told(string(m.out))) + line[len(body):]
}

// masker goes once through a line, copying it to out, and hides values behind keys that hold credentials.
type masker struct {
	in  []rune
	at  int
	out []rune
	// flow is how many { and [ are open
	flow int
}

func (m *masker) run() {
	key := "" // the last scalar, which a colon makes a key
	for m.at < len(m.in) {
		switch r := m.in[m.at]; {
		case r == '{' || r == '[':
			m.flow++
			m.copy(1)
			key = ""
		case r == '}' || r == ']':
			m.flow = max(0, m.flow-1)
			m.copy(1)
			key = ""
		case r == ',' || r == ' ' || r == '\t':
			m.copy(1)
		case r == '#' && m.startsWord() && tells(string(m.in[m.at+1:])):
			m.copy(1)
			m.out, m.at = append(m.out, []rune(" "+Hidden)...), len(m.in)
		case r == '#' && m.startsWord(), (r == '-' || r == '?') && m.endsWord(m.at+1):
			m.copy(1) // what is behind a comment's sign may be YAML too
			key = ""
		case r == ':' && key != "" && (m.endsWord(m.at+1) || m.afterQuote()):
			m.copy(1)
			if Key(key) {
				m.value()
			}
			key = ""
		default:
			start := m.at
			m.copy(m.scalar(m.at) - m.at)
			key = unquote(string(m.in[start:m.at]))
		}
	}
}

func (m *masker) copy(n int) {
	m.out = append(m.out, m.in[m.at:m.at+n]...)
	m.at += n
}

// startsWord reports whether the character at hand begins the line or follows a blank.
func (m *masker) startsWord() bool { return m.at == 0 || blank(m.in[m.at-1]) }

// endsWord reports whether the line ends at i, or a blank or the end of a flow collection's entry is there.
func (m *masker) endsWord(i int) bool {
	return i >= len(m.in) || blank(m.in[i]) || m.flow > 0 && strings.ContainsRune(",]}", m.in[i])
}

func (m *masker) afterQuote() bool {
	return m.at > 0 && strings.ContainsRune(`"'`, m.in[m.at-1])
}

// value copies the value behind a colon, hidden. Anchors and tags stay; so do aliases, null, booleans and
// the signs of block scalars and mappings, which hold no credential.
func (m *masker) value() {
	for m.at < len(m.in) {
		for m.at < len(m.in) && blank(m.in[m.at]) {
			m.copy(1)
		}
		if m.at < len(m.in) && (m.in[m.at] == '&' || m.in[m.at] == '!') {
			for m.at < len(m.in) && !m.endsWord(m.at) {
				m.copy(1)
			}
			continue
		}
		break
	}
	if m.at < len(m.in) && m.in[m.at] == '#' {
		m.misplaced()
		return
	}
	if m.at >= len(m.in) || strings.ContainsRune(",}]", m.in[m.at]) {
		return
	}
	if m.in[m.at] == '[' {
		m.list()
		return
	}
	end := m.scalar(m.at)
	if m.flow == 0 && !strings.ContainsRune(`"'`, m.in[m.at]) {
		end = m.block(m.at)
	}
	text := string(m.in[m.at:end])
	if text != Hidden && (harmless(text) || m.in[m.at] == '{') {
		return
	}
	quote := ""
	if first := text[0]; first == '"' || first == '\'' {
		quote = text[:1]
	}
	m.hide(end, quote)
}

// misplaced hides a single word in the comment where a secret's value should be: to YAML a password that begins with # is
// a comment.
func (m *masker) misplaced() {
	text := strings.TrimSpace(string(m.in[m.at+1:]))
	if text == "" || strings.ContainsAny(text, " \t") {
		return
	}
	m.copy(1)
	m.hide(len(m.in), "")
}

// hide replaces what lies before end, between the quotes if there are any.
func (m *masker) hide(end int, quote string) {
	m.out = append(m.out, []rune(quote+Hidden)...)
	if quote != "" && end-m.at > 1 && string(m.in[end-1]) == quote {
		m.out = append(m.out, []rune(quote)...)
	}
	m.at = end
	m.comment()
}

// comment hides the comment behind a secret, which may show another one, but for the mark that makes lint
// ignore a finding.
func (m *masker) comment() {
	rest := string(m.in[m.at:])
	text := strings.TrimLeft(rest, " \t}],")
	if !strings.HasPrefix(text, "#") || strings.HasPrefix(text, "# palette-ecr:ignore") {
		return
	}
	m.copy(len(m.in) - m.at - len([]rune(text)))
	m.out = append(m.out, []rune("# "+Hidden)...)
	m.at = len(m.in)
}

// list hides each entry of a flow list.
func (m *masker) list() {
	depth := 0
	for m.at < len(m.in) {
		switch r := m.in[m.at]; {
		case r == '[' || r == ']':
			if r == '[' {
				depth, m.flow = depth+1, m.flow+1
			} else {
				depth, m.flow = depth-1, max(0, m.flow-1)
			}
			m.copy(1)
			if depth == 0 {
				return
			}
		case r == ',' || blank(r):
			m.copy(1)
		default:
			m.hide(max(m.scalar(m.at), m.at+1), "")
		}
	}
}
