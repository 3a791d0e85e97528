package deploy

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/secret"
)

func nameOfObject(o *unstructured.Unstructured) string { return chart.Manifest{Object: o}.Name() }

// factOf is what a plan notes of an object; live is nil when it is not there.
func factOf(o, live *unstructured.Unstructured) plan.Fact {
	if live == nil {
		return plan.Fact{Kind: plan.Object, Name: nameOfObject(o), Seen: plan.Absent}
	}
	return objectFact(live)
}

// objectFact notes an object without its status. What can hold a secret is known by its version, never by a hash, which
// would let people guess.
func objectFact(live *unstructured.Unstructured) plan.Fact {
	f := plan.Fact{Kind: plan.Object, Name: nameOfObject(live)}
	switch kind := live.GetKind(); {
	case kind == "Secret" || kind == "ConfigMap":
		f.Seen = "version " + live.GetResourceVersion()
	case kind == "HelmRelease":
		f.Seen = fmt.Sprintf("generation %d", live.GetGeneration())
	case live.GetGeneration() > 0:
		f.Seen = fmt.Sprintf("generation %d, %s", live.GetGeneration(), plan.Sum(text(live, nil, "")))
	default:
		f.Seen = plan.Sum(text(live, nil, ""))
	}
	return f
}

// spare returns an object without what the API server and controllers write on it.
func spare(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	delete(o.Object, "status")
	metadata, _, _ := unstructured.NestedMap(o.Object, "metadata")
	for _, key := range []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"} {
		delete(metadata, key)
	}
	if annotations, ok := metadata["annotations"].(map[string]any); ok {
		delete(annotations, lastApplied)
		delete(annotations, "deployment.kubernetes.io/revision")
		if len(annotations) == 0 {
			delete(metadata, "annotations")
		}
	}
	o.Object["metadata"] = metadata
	return o
}

// diff is a unified diff of two objects without their secrets; nil is one that is not there.
func (f *foreseer) diff(before, after *unstructured.Unstructured) string {
	object, from, to := after, "live", "planned"
	switch {
	case before == nil:
		from = "not there"
	case after == nil:
		object, to = before, "deleted"
	}
	name := nameOfObject(object)
	out, err := unified(fmt.Sprintf("%s (%s)", name, from), fmt.Sprintf("%s (%s)", name, to), text(before, after, masking), text(after, before, masking+" (another)"))
	if err != nil { // the edits are those of this very text
		return ""
	}
	return secret.Known(append(inTexts(before), inTexts(after)...)).Replace(f.hide.Replace(out))
}

// inTexts are the secrets in the texts of an object, such as a file in a ConfigMap: a line of it may show what only the
// lines before it tell to be one.
func inTexts(o *unstructured.Unstructured) []string {
	if o == nil || o.GetKind() == "Secret" { // nothing of it is shown
		return nil
	}
	return secret.InTexts(o.Object)
}

func unified(from, to, before, after string) (string, error) {
	edits := udiff.Lines(before, after)
	if len(edits) == 0 {
		return "", nil
	}
	return udiff.ToUnified(from, to, before, edits, 3)
}

// text is an object as YAML, without its secrets. What a Secret holds is hidden behind another word where it differs
// from what other has, so that a diff shows that, and no more.
func text(o, other *unstructured.Unstructured, differs string) string {
	if o == nil {
		return ""
	}
	o = spare(o)
	hideEntries(o.Object)
	isSecret := o.GetKind() == "Secret"
	if isSecret {
		hideData(o, other, differs)
	}
	data, err := yaml.Marshal(o.Object)
	if err != nil {
		return ""
	}
	if isSecret {
		return string(data)
	}
	var out strings.Builder
	line := secret.Line
	if o.GetKind() == "CustomResourceDefinition" { // which describes tokens and passwords, and has none
		line = secret.Text
	}
	for each := range strings.Lines(string(data)) {
		out.WriteString(line(strings.TrimRight(each, "\r\n")) + "\n")
	}
	return secret.Text(out.String())
}

// plainKeys of a Secret are shown: they are settings of a registry.
var plainKeys = slices.Concat(mural.SettingKeys(), mural.TransportKeys(), []string{mural.BasicAuthSecretName})

// hideData replaces what is in a Secret.
func hideData(o, other *unstructured.Unstructured, differs string) {
	mine, theirs := dataOf(o), map[string]string{}
	if other != nil {
		theirs = dataOf(other)
	}
	shown := map[string]any{}
	for key, value := range mine {
		switch was, there := theirs[key]; {
		case slices.Contains(plainKeys, key):
			shown[key] = secret.Text(value)
		case there && was != value:
			shown[key] = differs
		default:
			shown[key] = masking
		}
	}
	delete(o.Object, "stringData")
	delete(o.Object, "data")
	if len(shown) > 0 {
		o.Object["data"] = shown
	}
	if annotations := o.GetAnnotations(); len(annotations) > 0 {
		for key, value := range annotations {
			annotations[key] = secret.Text(value)
		}
		o.SetAnnotations(annotations)
	}
}

// dataOf returns the decoded data of a Secret; stringData wins, as the API server has it.
func dataOf(o *unstructured.Unstructured) map[string]string {
	all := map[string]string{}
	data, _, _ := unstructured.NestedMap(o.Object, "data")
	for key, value := range data {
		encoded, _ := value.(string)
		decoded, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			decoded = []byte(encoded)
		}
		all[key] = string(decoded)
	}
	given, _, _ := unstructured.NestedMap(o.Object, "stringData")
	for key, value := range given {
		all[key] = fmt.Sprint(value)
	}
	return all
}

// hideEntries replaces the values of variables and arguments that are named as credentials are.
func hideEntries(value any) {
	switch v := value.(type) {
	case map[string]any:
		get := func(key string) string { text, _ := v[key].(string); return text }
		for key, inner := range v {
			if _, valued := inner.(string); valued && secret.Entry(key, get) {
				v[key] = masking
				continue
			}
			hideEntries(inner)
		}
	case []any:
		list := make([]string, len(v))
		for i, inner := range v {
			list[i], _ = inner.(string)
			hideEntries(inner)
		}
		for i, item := range list {
			if item != "" && secret.Item(list, i) {
				v[i] = masking
			}
		}
	}
}

// ValuesDiff is a unified diff of the values of a release, without their secrets.
func ValuesDiff(live, wanted map[string]any) (string, error) {
	known := secret.Known(secret.Passwords(live, wanted))
	var sides [2]string
	for i, values := range []map[string]any{live, wanted} {
		data, err := yaml.Marshal(values)
		if err != nil {
			return "", fmt.Errorf("encoding the values: %w", err)
		}
		for line := range strings.Lines(string(data)) {
			sides[i] += known.Replace(secret.Line(strings.TrimRight(line, "\r\n"))) + "\n"
		}
	}
	return unified("values of the release (live)", "values of the release (planned)", sides[0], sides[1])
}
