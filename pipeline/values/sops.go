package values

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// ErrEncrypted is in the error of an edit that only SOPS itself can make (package pipeline/sops).
var ErrEncrypted = errors.New("SOPS encrypted it")

// sops is what the metadata of SOPS in a file say (getsops/sops README, "Encrypting only parts of a file"). Its MAC
// covers every value, plain ones too, unless only the encrypted ones count.
type sops struct {
	at               *syntax.Node
	macOnlyEncrypted bool
	plain            func(path []string) bool // a value that is added there stays plain
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
	return &sops{at: n, macOnlyEncrypted: isTrue(child(n, "mac_only_encrypted")), plain: plainPaths(n)}
}

// plainPaths makes the rule of which values SOPS leaves plain: a rule is about each key of a value's path (getsops/sops
// sops.go, shouldBeEncrypted). Of rules about comments it is not known what they would say.
func plainPaths(n *syntax.Node) func([]string) bool {
	some := func(is func(string) bool) func([]string) bool {
		return func(path []string) bool { return slices.ContainsFunc(path, is) }
	}
	none := func([]string) bool { return false }
	rule := func(name string) string { return text(child(n, name)) }
	match := func(name string) func([]string) bool {
		compiled, err := regexp.Compile(rule(name))
		if err != nil {
			return nil
		}
		return some(compiled.MatchString)
	}
	suffix := func(name string) func([]string) bool {
		return some(func(key string) bool { return strings.HasSuffix(key, rule(name)) })
	}
	not := func(is func([]string) bool) func([]string) bool {
		if is == nil {
			return none
		}
		return func(path []string) bool { return !is(path) }
	}
	switch {
	case rule("encrypted_comment_regex") != "" || rule("unencrypted_comment_regex") != "":
		return none
	case rule("encrypted_regex") != "":
		return not(match("encrypted_regex"))
	case rule("encrypted_suffix") != "":
		return not(suffix("encrypted_suffix"))
	case rule("unencrypted_regex") != "":
		if is := match("unencrypted_regex"); is != nil {
			return is
		}
	case rule("unencrypted_suffix") != "":
		return suffix("unencrypted_suffix")
	}
	return none
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
		return fault.New(fault.Usage, "put sops on PATH (with the keys): it decrypts, and encrypts again what is written; or do it by hand: sops decrypt, palette-ecr render, sops encrypt",
			"rendering %q: %w (line %d): %s", t.name, ErrEncrypted, line, fmt.Sprintf(format, args...))
	}
	if !s.macOnlyEncrypted {
		return refuse("its MAC covers every value, and after an edit it could not be decrypted")
	}
	for _, j := range jobs {
		for _, r := range j.requests {
			if j.value != nil && holdsEncrypted(j.value) {
				return refuse("%s is encrypted, and its MAC covers it", r.path)
			}
			if j.do == remove || j.do == null {
				continue
			}
			for _, path := range pathsBelow(keysOf(r.path), j.entry.content()) {
				if !s.plain(path) {
					return refuse("what is written at %s would have to be encrypted", r.path)
				}
			}
		}
	}
	return nil
}

// pathsBelow are the keys of every single value in what is written at a path.
func pathsBelow(path []string, value any) [][]string {
	inner, ok := normal(value).(fields)
	if !ok {
		return [][]string{path}
	}
	var paths [][]string
	for _, f := range inner {
		paths = append(paths, pathsBelow(append(slices.Clone(path), f.key), f.value)...)
	}
	return paths
}

// keysOf are the keys in a path; numbers of items count for nothing.
func keysOf(path string) []string {
	var keys []string
	for _, match := range pathParts.FindAllStringSubmatch(path, -1) {
		key := match[1]
		if quoted, err := strconv.Unquote(match[2]); err == nil {
			key = quoted
		}
		if key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// pathParts are what join and index put together: a word, a key in quotes, the number of an item.
var pathParts = regexp.MustCompile(`([A-Za-z0-9_-]+)|\[("(?:[^"\\]|\\.)*")\]|\[[0-9]+\]`)

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
