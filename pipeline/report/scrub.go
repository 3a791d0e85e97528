package report

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
)

// The model holds no secret by contract. This is the second lock: whatever text reaches an output, what looks
// like a secret is hidden in it.

// Mask hides what a line of YAML or JSON must not show to others (secret.Line).
func Mask(line string) string { return secret.Line(line) }

// MaskPlace is Mask for the line of a place: where the place itself is a credential, also those lines are
// hidden that do not show it, such as the second line of a block scalar.
func MaskPlace(line string, p Place) string {
	key := p.Path[strings.LastIndexByte(p.Path, '.')+1:]
	if secret.Key(key) && !strings.Contains(line, key) && !namesSource.MatchString(line) {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		return indent + secret.Hidden
	}
	return Mask(line)
}

// namesSource is a line of a HelmRelease's valuesFrom, which may bring a credential and holds none.
var namesSource = regexp.MustCompile(`^\s*-\s*\{?\s*kind:\s*(?:Secret|ConfigMap)\b`)

// Scrub returns text without what looks like a secret.
func Scrub(text string) string { return secret.Text(text) }

// Clean returns text without the secrets that the report has to hide, and without what looks like one.
func (r *Report) Clean(text string) string {
	return secret.Text(secret.Known(r.secrets).Replace(text))
}

// withoutSecrets returns a deep copy of the report without the secrets that it has to hide, and without what
// looks like one.
func withoutSecrets(r *Report) *Report {
	known := secret.Known(r.secrets)
	clean := func(s string) string { return secret.Text(known.Replace(s)) }
	out := reflect.New(reflect.TypeFor[Report]()).Elem()
	copyStrings(out, reflect.ValueOf(r).Elem(), clean)
	copied := out.Addr().Interface().(*Report)
	if p := copied.Plan; p != nil {
		p.Values, p.Manifests = maskDiff(p.Values), maskDiff(p.Manifests)
	}
	for i := range copied.Findings {
		f := &copied.Findings[i]
		f.Snippet = MaskPlace(known.Replace(r.Findings[i].Snippet), f.Place)
	}
	return copied
}

// copyStrings copies a value of the model, every string passed through clean, those in fields that come
// later included.
func copyStrings(to, from reflect.Value, clean func(string) string) {
	switch from.Kind() {
	case reflect.String:
		to.SetString(clean(from.String()))
	case reflect.Struct:
		to.Set(from) // a time.Time is copied whole
		for i := range from.NumField() {
			if to.Field(i).CanSet() {
				copyStrings(to.Field(i), from.Field(i), clean)
			}
		}
	case reflect.Pointer:
		if from.IsNil() {
			return
		}
		to.Set(reflect.New(from.Type().Elem()))
		copyStrings(to.Elem(), from.Elem(), clean)
	case reflect.Slice:
		if from.IsNil() {
			return
		}
		if from.Type().Elem().Kind() == reflect.Uint8 { // a document, masked by its maker
			to.Set(from)
			return
		}
		to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			copyStrings(to.Index(i), from.Index(i), clean)
		}
	case reflect.Map:
		if from.IsNil() {
			return
		}
		to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
		for _, key := range from.MapKeys() {
			k, v := reflect.New(key.Type()).Elem(), reflect.New(from.Type().Elem()).Elem()
			copyStrings(k, key, clean)
			copyStrings(v, from.MapIndex(key), clean)
			to.SetMapIndex(k, v)
		}
	default:
		to.Set(from)
	}
}
