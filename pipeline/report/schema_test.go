package report_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// validate checks a JSON document against a schema, formats such as date-time included.
func validate(t *testing.T, schema, document []byte) error {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("schema.json", parsed))
	compiled, err := compiler.Compile("schema.json")
	require.NoError(t, err)
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	require.NoError(t, err)
	return compiled.Validate(instance)
}

func TestJSONHoldsToItsSchema(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*report.Report{"failed": failedRun(), "many": manyFindings(1000), "empty": {}} {
		t.Run(name, func(t *testing.T) {
			assert.NoError(t, validate(t, report.Schema, written(t, "json", r, report.Options{})))
		})
	}
}

func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	good := string(written(t, "json", failedRun(), report.Options{}))
	for name, change := range map[string][2]string{
		"an unknown key":      {`"version":`, `"vresion": "", "version":`},
		"an unknown verdict":  {`"verdict": "held"`, `"verdict": "maybe"`},
		"an unknown outcome":  {`"outcome": "done"`, `"outcome": "ok"`},
		"an unknown severity": {`"severity": "error"`, `"severity": "fatal"`},
		"a null list":         {`"proofs": [`, `"proofs": null, "x": [`},
		"line zero":           {`"line": 87`, `"line": 0`},
		"a date in words":     {`"startedAt": "2026-11-21T09:30:00Z"`, `"startedAt": "today"`},
		"another version":     {`"apiVersion": "palette-ecr/v1alpha1"`, `"apiVersion": "palette-ecr/v2"`},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, change[0], change[1], 1)
			require.NotEqual(t, good, bad)
			assert.Error(t, validate(t, report.Schema, []byte(bad)))
		})
	}
}

// The schema and the Go types say the same: the same keys, types and optional keys, none more.
func TestSchemaMatchesTypes(t *testing.T) {
	t.Parallel()
	var root map[string]any
	require.NoError(t, json.Unmarshal(report.Schema, &root))
	compare(t, root, root, reflect.TypeFor[report.Report](), "report")
}

func compare(t *testing.T, root, schema map[string]any, typ reflect.Type, at string) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		schema = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	if _, ok := schema["enum"]; ok || schema["const"] != nil {
		assert.Equal(t, reflect.String, typ.Kind(), at)
		return
	}
	switch {
	case typ == reflect.TypeFor[time.Time]():
		assert.Equal(t, "date-time", schema["format"], at)
	case typ.Kind() == reflect.Struct:
		compareStruct(t, root, schema, typ, at)
	case typ.Kind() == reflect.Pointer:
		compare(t, root, schema, typ.Elem(), at)
	case typ.Kind() == reflect.Slice:
		assert.Equal(t, "array", schema["type"], at)
		compare(t, root, schema["items"].(map[string]any), typ.Elem(), at+"[]")
	case typ.Kind() == reflect.Map:
		assert.Equal(t, "object", schema["type"], at)
		compare(t, root, schema["additionalProperties"].(map[string]any), typ.Elem(), at+"{}")
	default:
		kinds := map[reflect.Kind]string{
			reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer", reflect.Float64: "number",
		}
		assert.Equal(t, kinds[typ.Kind()], schema["type"], at)
	}
}

func compareStruct(t *testing.T, root, schema map[string]any, typ reflect.Type, at string) {
	t.Helper()
	assert.Equal(t, "object", schema["type"], at)
	assert.Equal(t, false, schema["additionalProperties"], at)
	assert.NotEmpty(t, schema["description"], at)
	properties := maps.Clone(schema["properties"].(map[string]any))
	var required []any
	for i := range typ.NumField() {
		if !typ.Field(i).IsExported() {
			continue
		}
		name, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		property, ok := properties[name].(map[string]any)
		require.True(t, ok, "%s.%s is not in the schema", at, name)
		delete(properties, name)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
		compare(t, root, property, typ.Field(i).Type, at+"."+name)
	}
	assert.Empty(t, properties, "%s: only in the schema", at)
	assert.ElementsMatch(t, required, schema["required"], at)
}

func TestRead(t *testing.T) {
	t.Parallel()
	got, err := report.Read(bytes.NewReader(written(t, "json", failedRun(), report.Options{})))
	require.NoError(t, err)
	want := failedRun()
	want.APIVersion, want.Kind = report.APIVersion, report.Kind
	assert.Equal(t, want, got)

	for name, text := range map[string]string{
		"another kind": `{"apiVersion": "palette-ecr/v1alpha1", "kind": "Cutover"}`, "not JSON": "a: b", "an unknown key": `{"a": 1}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := report.Read(strings.NewReader(text))
			require.Error(t, err)
			assert.NotEmpty(t, err.Error())
		})
	}
}
