package values

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Seal encrypts the edit of a file: from its decrypted text before and after to the whole file as it is to be written.
type Seal func(before, after []byte) ([]byte, error)

// opened is what a decrypted file was on disk. What is encrypted there stays hidden wherever the file is shown, and
// its plain text is never written.
type opened struct {
	sealed *File
	seal   Seal
	hidden map[*syntax.Node]bool // single values that are encrypted on disk
	texts  []string              // those of them that may be told apart from other text
}

// shortestHidden is the length from which an encrypted value is looked for in other text: shorter ones are words such
// as true or aws more often than not.
const shortestHidden = 6

// Opened returns a file that SOPS encrypted as it is decrypted. Its edits are written as seal makes them.
func (f *File) Opened(plain []byte, seal Seal) (*File, error) {
	open, err := parse(f.name, string(plain))
	if err != nil {
		return nil, err
	}
	o := &opened{sealed: f, seal: seal, hidden: map[*syntax.Node]bool{}}
	for i, document := range f.stream.Documents {
		if i < len(open.stream.Documents) {
			o.compare(document.Root, open.stream.Documents[i].Root, "")
		}
	}
	open.opened = o
	open.secrets = sync.OnceValue(func() []span { return o.spans(open.stream) })
	open.block.close()
	for i, l := range f.layers { // what was merged with it, and isn't known better now
		if i >= len(open.layers) {
			open.layers = append(open.layers, l)
		} else if !l.Unseen {
			open.layers[i] = l
		}
	}
	return open, nil
}

// compare notes what is encrypted in a tree and decrypted in another.
func (o *opened) compare(sealed, plain *syntax.Node, key string) {
	if sealed == nil || plain == nil {
		return
	}
	sealed, plain = sealed.Resolved(), plain.Resolved()
	switch {
	case sealed.Kind == syntax.Scalar && isEncrypted(sealed.Value):
		o.hidden[plain] = true
		if len(plain.Value) >= shortestHidden && !isSwitch(plain.Value) && !slices.Contains(mural.RegistryKeys(), key) && key != mural.Name {
			o.texts = append(o.texts, plain.Value)
		}
	case sealed.Kind == syntax.Sequence && plain.Kind == syntax.Sequence:
		for i := range min(len(sealed.Children), len(plain.Children)) {
			o.compare(sealed.Children[i], plain.Children[i], key)
		}
	case sealed.Kind == syntax.Mapping && plain.Kind == syntax.Mapping:
		for i := 0; i+1 < len(sealed.Children); i += 2 {
			key := text(sealed.Children[i])
			o.compare(sealed.Children[i+1], child(plain, key), key)
		}
	}
}

// spans are what must not be shown of a decrypted text: encrypted values, comments if there are encrypted ones, and what
// is hidden in any file.
func (o *opened) spans(s *syntax.Stream) []span {
	found := secrets(s, o.hidden)
	if !bytes.Contains(o.sealed.Data(), []byte("#ENC[")) {
		return found
	}
	at := 0
	for line := range strings.Lines(s.Source) {
		if trimmed := strings.TrimLeft(line, " \t-"); strings.HasPrefix(trimmed, "#") {
			found = append(found, span{at + len(line) - len(trimmed), at + len(strings.TrimRight(line, "\r\n"))})
		}
		at += len(line)
	}
	return inOrder(found)
}

// hides reports whether a value, or part of it, is encrypted on disk.
func (o *opened) hides(n *syntax.Node) bool {
	if o == nil || n == nil {
		return false
	}
	n = n.Resolved()
	return o.hidden[n] || slices.ContainsFunc(n.Children, o.hides)
}

// edited makes the file after an edit hide what it hid before.
func (o *opened) edited(after *File) {
	if o == nil {
		return
	}
	hidden := map[*syntax.Node]bool{}
	for _, n := range after.stream.Nodes {
		if n.Kind == syntax.Scalar && len(n.Value) >= shortestHidden && slices.Contains(o.texts, n.Value) {
			hidden[n] = true
		}
	}
	shown := opened{sealed: o.sealed, hidden: hidden}
	after.secrets = sync.OnceValue(func() []span { return shown.spans(after.stream) })
	after.block.close()
}

// onDisk is the file's content as it is written.
func (f *File) onDisk() string {
	if f.opened != nil {
		return f.opened.sealed.source()
	}
	return f.source()
}

// Sealed returns the whole file as it is to be written: encrypted if it was.
func (r *Rendered) Sealed() ([]byte, error) {
	o := r.before.opened
	switch {
	case o == nil:
		return r.Output, nil
	case string(r.Output) == r.before.source():
		return o.sealed.Data(), nil
	}
	return o.seal(r.before.Data(), r.Output)
}
