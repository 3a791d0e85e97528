package lint

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// keyRules are about keys that the chart doesn't read.
func keyRules() []rule {
	return []rule{{
		Rule: report.Rule{
			ID: "L30", Severity: report.Warning,
			Title:  "A key looks like a registry setting and is none",
			Why:    "Helm takes any key, and a chart reads only those that it knows: one that is spelled otherwise, with other capitals or with a space that can't be seen, is dropped without a word, and the default counts.",
			Source: "https://helm.sh/docs/chart_template_guide/values_files/",
			Fix:    "spell it as the chart does",
		},
		check: keys,
	}}
}

// section is a mapping and what the chart reads of it, as far as that has to do with the registry.
type section struct {
	path  []string
	known []string
}

// sections are those that stand at a path.
func sections() []section {
	all := []section{
		{nil, mural.Sections()},
		{[]string{mural.Hue}, []string{mural.OCIRegistry, mural.ServiceAccount}},
		{[]string{mural.FleetConfig}, []string{mural.Spokes}},
		{[]string{mural.Flux}, []string{mural.SourceController}},
		{[]string{mural.Flux, mural.SourceController}, []string{mural.ServiceAccount}},
		{[]string{mural.Zot}, []string{mural.Enabled}},
	}
	for _, account := range [][]string{mural.HueAccount(), mural.FluxAccount()} {
		all = append(all, section{account, []string{mural.Create, mural.Annotations, mural.Automount}},
			section{append(slices.Clone(account), mural.Annotations), []string{mural.RoleAnnotation}})
	}
	return all
}

// spokeKeys are what the chart reads of a spoke.
func spokeKeys() []string { return append(mural.Essential(), mural.Name, mural.OCIRegistry) }

// loginKeys are what it reads of a registry's basicAuth.
func loginKeys() []string { return []string{mural.Username, mural.Password} }

func keys(v *view) error {
	for _, s := range sections() {
		nearlyKnown(v, v.root.sub(s.path...), s.known)
	}
	v.registries(func(r *registrySettings) {
		nearlyKnown(v, r.at, mural.RegistryKeys())
		nearlyKnown(v, r.basicAuth, loginKeys())
		if !r.hub {
			nearlyKnown(v, r.item, spokeKeys())
		}
	})
	for _, l := range v.file.Layers() {
		keysOfLayer(v, l)
	}
	return nil
}

// keysOfLayer does for what is merged with the file what keys does for the file itself.
func keysOfLayer(v *view, l values.Layer) {
	given := l.Known()
	unread := func(at any, path string, known []string) {
		mapping, _ := at.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(mapping)) {
			if k, ok := v.nearly(key, known); ok && !inChart(v, path, key) {
				v.add(report.Warning, l.Place, "write "+k+" there", "%q of %s is not a key that the chart reads: %s is", key, l.Name, k)
			}
		}
	}
	registry := func(at any, path string) {
		mapping, _ := at.(map[string]any)
		unread(at, path, mural.RegistryKeys())
		unread(mapping[mural.BasicAuth], path+"."+mural.BasicAuth, loginKeys())
	}
	dotted := func(path []string) string { return strings.Join(path, ".") }
	for _, s := range sections() {
		unread(mural.Get(given, s.path...), dotted(s.path), s.known)
	}
	registry(mural.Get(given, mural.HueRegistry()...), dotted(mural.HueRegistry()))
	list := dotted(mural.SpokeList())
	spokes, _ := mural.Get(given, mural.SpokeList()...).([]any)
	for _, spoke := range spokes {
		mapping, _ := spoke.(map[string]any)
		unread(spoke, list, spokeKeys())
		registry(mapping[mural.OCIRegistry], list+"."+mural.OCIRegistry)
	}
}

// nearly returns the one of the known keys that a key is nearly, if it is none of them.
func (v *view) nearly(key string, known []string) (string, bool) {
	if slices.Contains(known, key) {
		return "", false
	}
	k, seen := v.alike[key]
	if !seen {
		k = nearest(key, mural.Words())
		v.alike[key] = k
	}
	return k, slices.Contains(known, k)
}

// nearlyKnown warns about the keys of a mapping that are nearly one of the known ones.
func nearlyKnown(v *view, s setting, known []string) {
	if !s.own || !s.node.IsMapping() {
		return
	}
	for _, key := range s.node.Names() {
		k, ok := v.nearly(key, known)
		if !ok || inChart(v, s.path, key) {
			continue
		}
		entry, ok := s.node.Lookup(key)
		if !ok {
			continue
		}
		place := entry.Key()
		if place.EndLine != place.Line {
			place.EndLine, place.EndColumn = 0, 0
		}
		remedy := "write " + k
		if v.judged && slices.Contains([]string{mural.BasicAuth, mural.BasicAuthSecretName}, k) {
			remedy = "remove it: on ECR nobody logs in with a password"
		}
		v.add(report.Warning, place, remedy, "%q is not a key that the chart reads: %s is", key, k)
	}
}

// inChart reports whether the chart's defaults have a key that is not known here.
func inChart(v *view, path, key string) bool {
	if v.in.Chart == nil {
		return false
	}
	at := append(strings.FieldsFunc(path, func(r rune) bool { return r == '.' }), key)
	return mural.Get(v.in.Chart.Values, at...) != nil
}

// nearest is the word that a key is nearly, "" if there is none.
func nearest(key string, words []string) string {
	for _, word := range words {
		if alike(key, word) {
			return word
		}
	}
	return ""
}

// alike reports whether two keys differ only in case, separators and what can't be seen, or in a letter or two.
func alike(a, b string) bool {
	x, y := letters(a), letters(b)
	if x == y || plural(x) == y {
		return true
	}
	allowed := 0
	switch n := len([]rune(y)); {
	case n >= 9:
		allowed = 2
	case n >= 5:
		allowed = 1
	}
	return allowed > 0 && distance([]rune(x), []rune(y)) <= allowed
}

// letters are a key's letters and digits, in lower case, as they look: in Latin script.
func letters(key string) string {
	return strings.Map(func(r rune) rune {
		if latin, ok := looksLike[unicode.ToLower(r)]; ok {
			return latin
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(key))
}

// looksLike are Cyrillic and Greek letters that nobody can tell from Latin ones (unicode.org/Public/security/latest/confusables.txt).
var looksLike = map[rune]rune{
	'а': 'a', 'с': 'c', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'м': 'm', 'о': 'o', 'р': 'p', 'ѕ': 's', 'т': 't', 'у': 'y', 'х': 'x', 'ԁ': 'd', 'ԛ': 'q', 'ԝ': 'w',
	'α': 'a', 'ε': 'e', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x',
}

// plural takes the ending of a plural off: registries, endpoints.
func plural(word string) string {
	if one, ok := strings.CutSuffix(word, "ies"); ok {
		return one + "y"
	}
	return strings.TrimSuffix(word, "s")
}

// distance is how many letters have to be put in, left out, changed or swapped with the next.
func distance(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range b {
		d[0][j+1] = j + 1
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
