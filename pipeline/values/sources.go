package values

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Source returns the data of a ConfigMap or Secret that valuesFrom names, by key. Known is false when it can't be
// looked at, with *Denied as error when that is for want of a right; data is nil when there is no such object.
type Source func(kind, name string) (data map[string]string, known bool, err error)

// Denied is the error of a Source that may not read an object.
type Denied struct {
	Right  string // that is missing, as kubectl writes it
	Remedy string
}

func (d *Denied) Error() string {
	return "which may not be read: the right to " + d.Right + " is missing"
}

// defaultKey is the key that valuesFrom reads where it names none (fluxcd/helm-controller, ValuesReference).
const defaultKey = "values.yaml"

// errEncrypted is the error of a Source for an object that SOPS encrypted.
var errEncrypted = errors.New("which is encrypted")

// ownObjects are the ConfigMaps and Secrets in the file itself, as far as a release in the namespace may name them. Of
// several with one name the last one is what kubectl apply leaves in the cluster.
func ownObjects(objects []manifest, namespace string) Source {
	return func(kind, name string) (map[string]string, bool, error) {
		for _, m := range slices.Backward(objects) {
			if m.kind == kind && m.name() == name && (m.namespace() == "" || namespace == "" || m.namespace() == namespace) {
				data, ok := m.data()
				if child(m.root, "sops") != nil {
					return nil, false, errEncrypted
				}
				return data, ok, nil
			}
		}
		return nil, false, nil
	}
}

// Manifests are the ConfigMaps and Secrets in a file of manifests, as far as a release in the namespace may name them. The
// name is for messages.
func Manifests(name string, data []byte, namespace string) (Source, error) {
	stream, err := syntax.Parse(string(data))
	if err != nil {
		return nil, malformed(name, string(data), err)
	}
	objects, _ := manifests(stream)
	return ownObjects(objects, namespace), nil
}

// CheckSource refuses an object, as kind/name, that nobody would look into: spec.valuesFrom does not name it, or the file holds
// it itself.
func (f *File) CheckSource(object string) error {
	var named []string
	for _, l := range f.layers {
		switch {
		case l.source.Kind == "":
		case l.source.String() != object:
			named = append(named, l.source.String())
		case !l.Unseen:
			return fault.New(fault.Usage, "leave it out", "reading --values-from %s: %q holds it itself", object, f.name)
		default:
			return nil
		}
	}
	names := "nothing"
	if len(named) > 0 {
		names = "only " + strings.Join(named, ", ")
	}
	return fault.New(fault.Usage, "correct the name, or leave it out", "reading --values-from %s: spec.valuesFrom of %q names %s", object, f.name, names)
}

// WithSources returns the file with what its valuesFrom names, as far as the source knows it. What the file itself
// holds stays.
func (f *File) WithSources(source Source) (*File, error) {
	if f.release == nil {
		return f, nil
	}
	with := *f
	with.layers = slices.Clone(f.layers)
	for i, l := range with.layers {
		if !l.Unseen || l.source.Kind == "" {
			continue
		}
		var err error
		if with.layers[i], err = (valuesFrom{f.fileText, f.release}).layer(l.source, source); err != nil {
			return nil, err
		}
	}
	return &with, nil
}

// valuesFrom reads what a release's valuesFrom names.
type valuesFrom struct {
	*fileText
	release *Release
}

// layers makes a layer of each entry of valuesFrom, as helm-controller reads it (fluxcd/pkg chartutil,
// ChartValuesFromReferences).
func (v valuesFrom) layers(source Source) (layers, error) {
	var all layers
	for _, from := range v.release.ValuesFrom {
		layer, err := v.layer(from, source)
		if err != nil {
			return nil, err
		}
		all = append(all, layer)
	}
	return all, nil
}

// layer makes a layer of one entry.
func (v valuesFrom) layer(from ValuesSource, source Source) (Layer, error) {
	if known := from.Kind == "ConfigMap" || from.Kind == "Secret"; !known && !variableText(from.Kind) {
		return Layer{}, fault.New(fault.Usage, "correct its kind, or take the entry out of spec.valuesFrom", "reading %q: line %d: valuesFrom names %q of kind %q, where helm-controller takes a ConfigMap or a Secret", v.name, from.Place.Line, from.Name, from.Kind)
	}
	layer := Layer{Name: from.String(), Place: from.Place, TargetPath: from.TargetPath, Optional: from.Optional, Unseen: true, source: from}
	if from.TargetPath != "" {
		layer.set = func(values map[string]any) error { return strvals.ParseIntoString(from.TargetPath+"="+Unseen, values) }
	}
	data, known, err := source(from.Kind, from.Name)
	if layer.Encrypted = errors.Is(err, errEncrypted); layer.Encrypted || errors.As(err, &layer.Denied) {
		return layer, nil
	}
	if err != nil {
		return layer, err
	}
	text, there := data[cmp.Or(from.ValuesKey, defaultKey)]
	if whole, ok := data[anyKey]; ok && !there {
		text, there = whole, true
	}
	switch {
	case there && strings.Contains(text, "ENC["):
		layer.Encrypted = true
		return layer, nil
	case !known:
		return layer, nil
	case !there && !from.Optional && data == nil:
		return layer, fault.New(fault.Usage, "make it, or correct spec.valuesFrom", "parsing %q: line %d: there is no %s", v.name, from.Place.Line, from)
	case !there && !from.Optional:
		return layer, fault.New(fault.Usage, "correct spec.valuesFrom, or the object", "parsing %q: line %d: %s has no key %q", v.name, from.Place.Line, from, cmp.Or(from.ValuesKey, defaultKey))
	}
	layer.Unseen, layer.set = false, nil
	if there && from.TargetPath != "" {
		layer.set = func(values map[string]any) error { return from.set(values, text) }
	}
	layer.Values, err = v.read(from, text, there)
	return layer, err
}

// set sets a value at the targetPath, as Helm does for --set, or for --set-literal (ReplacePathValue and
// ReplacePathLiteralValue of fluxcd/pkg chartutil).
func (s ValuesSource) set(values map[string]any, text string) error {
	if s.Literal {
		return strvals.ParseLiteralInto(s.TargetPath+"="+text, values)
	}
	for _, quote := range []string{"'", `"`} {
		if strings.HasPrefix(text, quote) && strings.HasSuffix(text, quote) {
			return strvals.ParseIntoString(s.TargetPath+"="+strings.Trim(text, `'"`), values)
		}
	}
	return strvals.ParseInto(s.TargetPath+"="+text, values)
}

// read reads one of them as it stands there.
func (v valuesFrom) read(from ValuesSource, text string, there bool) (map[string]any, error) {
	values := map[string]any{}
	if !there {
		return values, nil
	}
	if from.TargetPath == "" {
		if err := yaml.Unmarshal([]byte(text), &values); err != nil { // the cause would quote values
			return nil, fault.New(fault.Usage, "correct it there", "parsing %q: line %d: what %s holds is not values in YAML", v.name, from.Place.Line, from)
		}
		return values, nil
	}
	if err := from.set(values, text); err != nil {
		return nil, fault.New(fault.Usage, "correct targetPath or the value: it is read as --set reads it", "parsing %q: line %d: the value of %s can't be set at its targetPath", v.name, from.Place.Line, from)
	}
	return values, nil
}

// ReadSource reads what a ConfigMap or Secret holds from a file: its manifest, or the text of its one key.
func ReadSource(path, kind, name string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if stream, err := syntax.Parse(string(data)); err == nil {
		objects, _ := manifests(stream)
		for _, m := range objects {
			if m.kind != kind || m.name() != name {
				continue
			}
			found, ok := m.data()
			if !ok {
				return nil, fault.New(fault.Usage, "decrypt it, or correct its data", "reading %q: what %s/%s holds can't be read", path, kind, name)
			}
			return found, nil
		}
		if len(objects) > 0 {
			return nil, fault.New(fault.Usage, "give the manifest of that object, or its value", "reading %q: no %s/%s is in it", path, kind, name)
		}
	}
	return map[string]string{anyKey: strings.TrimRight(string(data), "\r\n")}, nil
}

// anyKey stands for whichever key is asked for.
const anyKey = "*"

// data are those of a ConfigMap or Secret in the file; false when they are encrypted.
func (m manifest) data() (map[string]string, bool) {
	data := map[string]string{}
	if child(m.root, "sops") != nil {
		return nil, false
	}
	read := func(key string, encoded bool) bool {
		n := child(m.root, key)
		if n == nil || n.Resolved().Kind != syntax.Mapping {
			return true
		}
		for k, v := range mappingOf(n) {
			value := fmt.Sprint(v)
			if encoded {
				decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
				if err != nil {
					return false
				}
				value = string(decoded)
			}
			data[k] = value
		}
		return true
	}
	ok := read("data", m.kind == "Secret") && read("stringData", false) // of a ConfigMap's binaryData helm-controller takes nothing
	return data, ok
}

func mappingOf(n *syntax.Node) map[string]any {
	m, _ := value(n).(map[string]any)
	return m
}
