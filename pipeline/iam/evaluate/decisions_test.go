package evaluate_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
)

// decisions are entries of testdata/decisions.yaml, whose README describes the schema.
type decisions struct {
	Source, Says, Kind, Version string
	Statement                   []any
	Policies                    [][]any
	ask                         `yaml:",inline"`
	Rows                        []row
}

type ask struct {
	Action, Resource string
	Principal        caller
	Context          map[string]list
}

type row struct {
	ask     `yaml:",inline"`
	Want    evaluate.Verdict
	Unknown []string
	On      []string
}

type caller struct {
	AWS       string `yaml:"AWS"`
	Role      string `yaml:"Role"`
	Federated string `yaml:"Federated"`
	Service   string `yaml:"Service"`
	Sessions  bool   `yaml:"Sessions"`
}

// list takes a single value too.
type list []string

func (l *list) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*l = list{n.Value}
		return nil
	}
	return n.Decode((*[]string)(l))
}

func loadDecisions(t testing.TB) []decisions {
	t.Helper()
	file, err := os.Open("testdata/decisions.yaml")
	require.NoError(t, err)
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	var all []decisions
	require.NoError(t, decoder.Decode(&all))
	return all
}

func (d decisions) documents(t testing.TB) []document.Document {
	t.Helper()
	policies := d.Policies
	if len(d.Statement) > 0 {
		policies = append(policies, d.Statement)
	}
	if d.Version == "" {
		d.Version = document.Current
	}
	var docs []document.Document
	for _, statements := range policies {
		data, err := json.Marshal(map[string]any{"Version": d.Version, "Statement": statements})
		require.NoError(t, err)
		doc, err := document.Parse(d.Source, data)
		require.NoError(t, err)
		docs = append(docs, doc)
	}
	return docs
}

// request is the entry's own with what the row says differently.
func (d decisions) request(r row) evaluate.Request {
	pick := func(own, shared string) string {
		if own != "" {
			return own
		}
		return shared
	}
	principal := d.Principal
	if r.Principal != (caller{}) {
		principal = r.Principal
	}
	context := map[string][]string{}
	for _, from := range []map[string]list{d.Context, r.Context} {
		for key, values := range from {
			context[key] = values
		}
	}
	unknown := map[string]bool{}
	for _, key := range r.Unknown {
		unknown[strings.ToLower(key)] = true
		delete(context, key)
	}
	return evaluate.Request{
		Principal: evaluate.Caller(principal), Action: pick(r.Action, d.Action), Resource: pick(r.Resource, d.Resource),
		Context: context, Unknown: func(key string) bool { return unknown[key] },
	}
}

func decide(d decisions, docs []document.Document, r evaluate.Request) evaluate.Decision {
	if d.Kind == "resource" {
		return evaluate.Resource(docs[0], r)
	}
	return evaluate.Identity(docs, r)
}

// TestDecisions holds the evaluator against what AWS's documents say.
func TestDecisions(t *testing.T) {
	t.Parallel()
	rows := 0
	for i, d := range loadDecisions(t) {
		require.NotEmpty(t, d.Source)
		require.NotEmpty(t, d.Says)
		docs := d.documents(t)
		for j, r := range d.Rows {
			rows++
			got := decide(d, docs, d.request(r))
			assert.Equal(t, r.Want, got.Verdict, "entry %d, row %d (%s: %s): %s", i+1, j+1, d.Source, d.Says, got)
			assert.Equal(t, r.On, got.On(), "entry %d, row %d (%s): what it depends on", i+1, j+1, d.Source)
		}
	}
	assert.GreaterOrEqual(t, rows, 150)
}

// TestUnknownIsEitherAnswer: where a verdict is certain although a key is not known, no value of the key
// makes a denied request allowed, or an allowed one denied. (Which deny it is may differ: what no statement
// allows is denied with or without a Deny.)
func TestUnknownIsEitherAnswer(t *testing.T) {
	t.Parallel()
	for i, d := range loadDecisions(t) {
		docs := d.documents(t)
		values := map[string][]string{}
		for _, r := range d.Rows {
			for key, value := range r.Context {
				values[key] = append(values[key], value...)
			}
		}
		for j, r := range d.Rows {
			known := d.request(r)
			for _, key := range slices.Sorted(maps.Keys(values)) {
				asked := known
				asked.Context = maps.Clone(known.Context)
				delete(asked.Context, key)
				asked.Unknown = func(k string) bool { return k == strings.ToLower(key) || known.Unknown(k) }
				got := decide(d, docs, asked)
				if got.Verdict == evaluate.Depends {
					continue
				}
				asked.Unknown = known.Unknown
				for _, value := range append(values[key], "", "some-other-value", fmt.Sprint(i)) {
					asked.Context[key] = []string{value}
					assert.Equal(t, got.Allowed(), decide(d, docs, asked).Allowed(), "entry %d, row %d: %s = %q", i+1, j+1, key, value)
				}
				delete(asked.Context, key)
				assert.Equal(t, got.Allowed(), decide(d, docs, asked).Allowed(), "entry %d, row %d: without %s", i+1, j+1, key)
			}
		}
	}
}
