// Package values reads a user's Helm values — a values.yaml, or the values block inside a Flux HelmRelease —
// and edits the registry settings in it in place: whatever isn't a registry setting stays byte for byte.
// It exists because a person compares the file before and after, and because every YAML library rewrites
// what it didn't understand: comments, quoting, blank lines, anchors.
package values

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// MaxSize is the largest file that is read, in bytes. A spoke takes some 700 bytes: there is room for more
// than ten thousand of them.
const MaxSize = 10 << 20

// Kind of a file.
type Kind string

const (
	Plain       Kind = "values"      // a values.yaml as Helm takes it
	HelmRelease Kind = "HelmRelease" // a manifest for Flux, perhaps one of several documents in the file
	Application Kind = "Application" // a manifest for Argo CD, or one of an ApplicationSet
)

// File is one user file. It never changes; Render makes a new one.
type File struct {
	*fileText
	site
	layers
	release *Release
	objects []manifest   // all of the file
	ignored []Credential // in values that count for nothing
	uses    *uses
	decode  func() (map[string]any, error) // the document as Helm does, once; what it returns is never changed
	sops    *sops                          // how SOPS encrypted the file; nil if it didn't
	opened  *opened                        // what it was before it was decrypted; nil if it wasn't encrypted
}

// Read reads a file. The name "-" isn't special here: use ReadFrom for standard input.
func Read(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if info.IsDir() {
		return nil, fault.New(fault.Usage, "give the path of a values.yaml or of a HelmRelease manifest", "reading %q: it is a directory", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	return ReadFrom(path, f)
}

func unreadable(path string, err error) error {
	var cause *os.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	remedy := "check the path"
	if errors.Is(err, os.ErrPermission) {
		remedy = "check who may read the file"
	}
	return fault.New(fault.Usage, remedy, "reading %q: %w", path, err)
}

// ReadFrom reads a file from a stream; the name is for messages.
func ReadFrom(name string, from io.Reader) (*File, error) {
	var source strings.Builder
	if f, ok := from.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			source.Grow(int(min(info.Size(), MaxSize)) + 1)
		}
	}
	if _, err := io.Copy(&source, io.LimitReader(from, MaxSize+1)); err != nil {
		return nil, fault.New(fault.Failed, "try again", "reading %q: %w", name, err)
	}
	return parse(name, source.String())
}

// Parse reads a file's content. An error is a *fault.Error with code Usage, says line and column, and is
// about the first thing that is wrong.
func Parse(name string, data []byte) (*File, error) { return parse(name, string(data)) }

func parse(name, source string) (*File, error) {
	if len(source) > MaxSize {
		return nil, fault.New(fault.Usage, "give the values of one release", "reading %q: it is larger than %d MiB", name, MaxSize>>20)
	}
	stream, err := syntax.Parse(source)
	if err != nil {
		return nil, malformed(name, source, err)
	}
	c := chooser{fileText: newFileText(name, stream)}
	if err := c.choose(); err != nil {
		return nil, err
	}
	f := &File{fileText: c.fileText, site: c.site, layers: c.layers, release: c.release, objects: c.objects, ignored: c.ignored}
	f.decode = sync.OnceValues(func() (map[string]any, error) { return f.decodeDocument(f.document) })
	f.sops = findSOPS(f.document)
	f.uses = countUses(f.stream, f.document)
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.release == nil {
		return f, nil
	}
	if f.layers, err = (valuesFrom{f.fileText, f.release}).layers(ownObjects(f.objects, f.release.Namespace)); err != nil {
		return nil, err
	}
	return f, nil
}

// template is what helmfile, Helm's own templates and ApplicationSets replace before anybody reads the YAML.
const template = "{{"

func malformed(name, source string, err error) error {
	remedy := "correct the YAML there"
	var e *syntax.Error
	if errors.As(err, &e) && e.Unsupported {
		remedy = "write it in another way there: the editor doesn't take this form of YAML"
	}
	if e != nil && strings.Contains(lineAt(source, e.Line), template) {
		return fault.New(fault.Usage, "render the file that the template makes (helmfile template, or write-values), or put the expression in quotes",
			"parsing %q: line %d holds an expression in {{ }}: the file is a template, not YAML", name, e.Line)
	}
	if e != nil && mural.Known(e.Key) {
		e.Message = strings.Replace(e.Message, "the key", fmt.Sprintf("the key %q", e.Key), 1)
	}
	return fault.New(fault.Usage, remedy, "parsing %q: %w", name, err)
}

func lineAt(source string, line int) string {
	for ; line > 1; line-- {
		_, source, _ = strings.Cut(source, "\n")
	}
	text, _, _ := strings.Cut(source, "\n")
	return text
}

// HelmRelease describes the manifest that the values are in; nil for Plain.
func (f *File) HelmRelease() *Release { return f.release }
