package target

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// APIVersion and Kind stand at the top of the file.
const (
	APIVersion = "palette-ecr/v1alpha1"
	Kind       = "Cutover"
)

// maxSize of the file, in bytes.
const maxSize = 1 << 20

// Load reads a file. It is strict: an unknown key is an error with its line. Paths in the file are relative
// to the file, as in a kubeconfig; ~/ is the home directory. Nothing is filled in yet: see Merge and
// WithDefaults.
func Load(path string) (Cutover, error) {
	f, err := os.Open(path)
	if err != nil {
		var cause *os.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return Cutover{}, fault.New(fault.Usage, "check the path of --config", "reading %q: %w", path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return Cutover{}, fault.New(fault.Usage, "give the path of a file", "reading %q: %w", path, err)
	}
	c, err := Parse(path, data)
	if err != nil {
		return Cutover{}, err
	}
	home, _ := os.UserHomeDir() // without one, ~/ stays as it is and opening the file will say so
	return c.relativeTo(filepath.Dir(path), home), nil
}

// Parse reads the content of a file; the name is for messages. Paths stay as they are.
func Parse(name string, data []byte) (Cutover, error) {
	fail := func(remedy, format string, args ...any) (Cutover, error) {
		return Cutover{}, fault.New(fault.Usage, remedy, "parsing %q: %w", name, fmt.Errorf(format, args...))
	}
	if len(data) > maxSize {
		return fail("give a Cutover file", "it is larger than %d bytes", maxSize)
	}
	var c Cutover
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	switch err := decoder.Decode(&c); {
	case errors.Is(err, io.EOF):
		return fail("write the target into it: see docs/cutover-file.md", "it is empty")
	case err != nil:
		text, remedy := explain(err)
		return fail(remedy, "%s", text)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fail("keep one document", "a second document follows")
	}
	if c.APIVersion != APIVersion || c.Kind != Kind {
		return fail(fmt.Sprintf("begin the file with apiVersion: %s and kind: %s", APIVersion, Kind), "it is %q of kind %q, not %q of kind %q", c.APIVersion, c.Kind, APIVersion, Kind)
	}
	return c, nil
}

var twice = regexp.MustCompile(`line (\d+): mapping key "(.*)" already defined at line (\d+)`)

var unknownField = regexp.MustCompile(`line (\d+): field (\S+) not found in type target\.(\w+)`)

// explain turns the YAML library's error into words of the file's author: its first line of substance.
func explain(err error) (text, remedy string) {
	if m := unknownField.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Sprintf("line %s: unknown key %q", m[1], m[2]), "the keys there are " + strings.Join(keysOf(m[3]), ", ")
	}
	if m := twice.FindStringSubmatch(err.Error()); m != nil && !known(m[2]) { // of text that is no mapping of ours
		return fmt.Sprintf("line %s: a key that is already at line %s", m[1], m[3]), "keep one of them"
	}
	if strings.Contains(err.Error(), "unknown anchor") { // the library tells no line
		return "an alias has no anchor of its name before it", "correct it; text that begins with '*' needs quotes"
	}
	text = strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimPrefix(text, "unmarshal errors:\n  ")
	text, _, _ = strings.Cut(text, "\n")
	return regexp.MustCompile(`target\.(\w+)`).ReplaceAllString(text, "$1"), "correct the YAML there"
}

// mappings are those that the file can have.
var mappings = []any{Cutover{}, Registry{}, Creation{}, Identity{}, Release{}, CRDs{}, Cluster{}, EKS{}, Soak{}, Wave{}}

// keysOf lists the keys of one of the file's mappings by its type's name.
func keysOf(name string) []string {
	for _, v := range mappings {
		if t := reflect.TypeOf(v); t.Name() == name {
			var keys []string
			for i := range t.NumField() {
				keys = append(keys, t.Field(i).Tag.Get("yaml"))
			}
			return keys
		}
	}
	return nil
}

// known reports whether one of the file's mappings has a key.
func known(key string) bool {
	return slices.ContainsFunc(mappings, func(v any) bool { return slices.Contains(keysOf(reflect.TypeOf(v).Name()), key) })
}

// relativeTo makes the paths in the file relative to its directory.
func (c Cutover) relativeTo(dir, home string) Cutover {
	resolve := func(path *string) {
		switch rest, inHome := strings.CutPrefix(*path, "~/"); {
		case *path == "" || *path == "-" || filepath.IsAbs(*path):
		case inHome && home != "":
			*path = filepath.Join(home, rest)
		case !inHome:
			*path = filepath.Join(dir, *path)
		}
	}
	chart := func(ref *string) {
		// A chart is an address unless it is written as a path.
		if strings.HasPrefix(*ref, "./") || strings.HasPrefix(*ref, "../") || strings.HasPrefix(*ref, "~/") {
			resolve(ref)
		}
	}
	resolve(&c.Release.Values)
	resolve(&c.Release.HelmRelease)
	chart(&c.Release.Chart)
	chart(&c.Release.CRDs.Chart)
	resolve(&c.Registry.Create.LifecyclePolicy)
	resolve(&c.Hub.Kubeconfig)
	c.Spokes = append([]Cluster(nil), c.Spokes...)
	for i := range c.Spokes {
		resolve(&c.Spokes[i].Kubeconfig)
	}
	return c
}
