package values

import (
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Credential is a key of a Secret or ConfigMap in the file whose value is a credential in clear.
type Credential struct {
	Place report.Place
	Login bool // it is a login: valuesFrom names the object, or it holds a user name too
	// Ignored: it stands in the text helm.values of an Application, which counts for nothing beside helm.valuesObject.
	Ignored bool
}

// ObjectCredentials finds the credentials beside the values: in Secrets and ConfigMaps of the same file, and in values that
// count for nothing.
func (f *File) ObjectCredentials() []Credential {
	found := slices.Clone(f.ignored)
	for _, m := range f.objects {
		if m.kind != "Secret" && m.kind != "ConfigMap" || child(m.root, "sops") != nil {
			continue
		}
		for _, block := range []string{"data", "stringData"} {
			n := child(m.root, block)
			if n == nil || n.Resolved().Kind != syntax.Mapping {
				continue
			}
			children := n.Resolved().Children
			for i := 0; i+1 < len(children); i += 2 {
				if key, value := children[i], children[i+1].Resolved(); m.credential(key.Value, value) {
					place := f.place(key.Start, key.End, "")
					place.Object = m.kind + " " + m.name()
					found = append(found, Credential{Place: place, Login: m.isLogin(f.release)})
				}
			}
		}
	}
	return found
}

// isLogin reports whether the object is, or may be, the login of a registry: the release's valuesFrom may name it.
func (m manifest) isLogin(release *Release) bool {
	if release != nil && slices.ContainsFunc(release.ValuesFrom, func(from ValuesSource) bool { return from.Kind == m.kind && from.Name == m.name() }) {
		return true
	}
	if m.kind == "ConfigMap" || text(child(m.root, "type")) == "kubernetes.io/dockerconfigjson" {
		return true
	}
	for _, block := range []string{"data", "stringData"} {
		if n := child(child(m.root, block), "username"); n != nil {
			return true
		}
	}
	return false
}

// credential reports whether what stands under a key of the object is a credential, or holds one.
func (m manifest) credential(key string, value *syntax.Node) bool {
	text := value.Value
	if value.Kind != syntax.Scalar || text == "" || isEncrypted(text) || variableText(text) {
		return false
	}
	if m.kind == "Secret" && (secret.Key(key) || strings.HasPrefix(text, "admin:")) {
		return !strings.EqualFold(key, "username")
	}
	data, ok := m.data()
	if !ok {
		return false
	}
	var inner map[string]any
	if err := yaml.Unmarshal([]byte(data[key]), &inner); err != nil {
		return false
	}
	return len(secret.In(inner)) > 0
}

// variableText reports whether a text is only a variable that something replaces later.
func variableText(text string) bool {
	return strings.HasPrefix(text, "${") && strings.HasSuffix(text, "}") || strings.HasPrefix(text, "{{") && strings.HasSuffix(text, "}}")
}
