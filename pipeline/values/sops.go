package values

import (
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// sops is what the metadata of SOPS in a file say (getsops/sops README, "Encrypting only parts of a file"). Its MAC
// covers every value, plain ones too, unless only the encrypted ones count.
type sops struct {
	at               *syntax.Node
	macOnlyEncrypted bool
	plain            func(key string) bool // a value that is added under the key stays plain
}

// findSOPS looks for the metadata of SOPS: a mapping with a MAC at the top level of the document.
func findSOPS(d *syntax.Document) *sops {
	if d == nil || d.Root == nil {
		return nil
	}
	n := child(d.Root, "sops")
	if n == nil || child(n, "mac") == nil {
		return nil
	}
	return &sops{at: n, macOnlyEncrypted: isTrue(child(n, "mac_only_encrypted")), plain: plainKeys(n)}
}

// plainKeys makes the rule of which keys SOPS leaves plain.
func plainKeys(n *syntax.Node) func(string) bool {
	match := func(pattern string) func(string) bool {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			return func(string) bool { return false }
		}
		return compiled.MatchString
	}
	switch encrypted, plain := text(child(n, "encrypted_regex")), text(child(n, "unencrypted_regex")); {
	case encrypted != "":
		is := match(encrypted)
		return func(key string) bool { return !is(key) }
	case plain != "":
		return match(plain)
	}
	if suffix := text(child(n, "encrypted_suffix")); suffix != "" {
		return func(key string) bool { return !strings.HasSuffix(key, suffix) }
	}
	suffix := text(child(n, "unencrypted_suffix"))
	return func(key string) bool { return suffix != "" && strings.HasSuffix(key, suffix) }
}

// Encrypted reports whether SOPS encrypted the file, or parts of it.
func (f *File) Encrypted() bool { return f.sops != nil }

// check refuses an edit after which SOPS could not decrypt the file any more.
func (s *sops) check(t *fileText, jobs []*job) error {
	if s == nil || len(jobs) == 0 {
		return nil
	}
	line, _ := t.stream.Position(s.at.Start)
	refuse := func(format string, args ...any) error {
		return fault.New(fault.Usage, "decrypt it first (sops decrypt), render that, and encrypt the result (sops encrypt); or write the settings with sops edit",
			"rendering %q: SOPS encrypted it (line %d): "+format, append([]any{t.name, line}, args...)...)
	}
	if !s.macOnlyEncrypted {
		return refuse("its MAC covers every value, and after an edit it could not be decrypted")
	}
	for _, j := range jobs {
		for _, r := range j.requests {
			if j.value != nil && holdsEncrypted(j.value) {
				return refuse("%s is encrypted, and its MAC covers it", r.path)
			}
			for _, key := range keysOf(j.entry.key, j.entry.content()) {
				if j.do != remove && j.do != null && !s.plain(key) {
					return refuse("what is written at %s would have to be encrypted", r.path)
				}
			}
		}
	}
	return nil
}

// keysOf are a key and those of the mapping that it gets.
func keysOf(key string, value any) []string {
	inner, ok := normal(value).(fields)
	if !ok {
		return []string{key}
	}
	var keys []string
	for _, f := range inner {
		keys = append(keys, keysOf(f.key, f.value)...)
	}
	return keys
}

func holdsEncrypted(n *syntax.Node) bool {
	n = n.Resolved()
	if n.Kind == syntax.Scalar {
		return isEncrypted(n.Value)
	}
	for _, c := range n.Children {
		if holdsEncrypted(c) {
			return true
		}
	}
	return false
}
