package document_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
)

func TestParseTakesOneOrMany(t *testing.T) {
	single := iamtest.Policy(t, `{'Version': '2012-10-17', 'Statement': {
		'Effect': 'Allow', 'Action': 'ecr:PutImage', 'Resource': '*',
		'Condition': {'StringEquals': {'a:b': 'c'}, 'NumericLessThan': {'n': 5}, 'Bool': {'aws:SecureTransport': true}}}}`)
	many := iamtest.Policy(t, `{'Version': '2012-10-17', 'Statement': [{
		'Effect': 'Allow', 'Action': ['ecr:PutImage'], 'Resource': ['*'],
		'Condition': {'StringEquals': {'a:b': ['c']}, 'NumericLessThan': {'n': ['5']}, 'Bool': {'aws:SecureTransport': ['true']}}}]}`)
	assert.Equal(t, single.Statements, many.Statements)
	assert.Equal(t, string(single.JSON()), string(many.JSON()))
}

func TestParseRefuses(t *testing.T) {
	const allow = `'Effect': 'Allow', 'Action': 'a:b', 'Resource': '*'`
	tests := map[string]struct{ document, says string }{
		"nothing":                {``, "line 1, column 1: unexpected end of JSON input"},
		"cut off":                {"{'Statement':\n  {'Effect'\n\n", "line 2, column 12: unexpected end of JSON input"},
		"not JSON":               {`{'Version': 2012-10-17}`, "line 1, column 17: invalid character '-'"},
		"two documents":          {`{} {}`, "line 1, column 4: invalid character '{' after top-level value"},
		"a list":                 {`[]`, "line 1, column 1: the policy document must be an object, not a list"},
		"byte order mark":        {"\ufeff{}", "byte order mark"},
		"not UTF-8":              {"{'Id':\n '\xff'}", "line 2, column 3: not UTF-8"},
		"no statement":           {`{'Version': '2012-10-17'}`, "line 1, column 1: the policy document has no Statement"},
		"no statements":          {`{'Statement': []}`, "Statement is empty"},
		"wrong version":          {`{'Version': '2020-01-01', 'Statement': {` + allow + `}}`, `line 1, column 13: Version must be "2012-10-17" or "2008-10-17", not "2020-01-01"`},
		"plural":                 {"{'Statement': {\n  'Effect': 'Allow',\n  'Actions': 'a:b'}}", `line 3, column 3: Statement[0] has an unknown element "Actions" (it is spelled "Action")`},
		"lower case":             {`{'statement': {` + allow + `}}`, `an unknown element "statement" (it is spelled "Statement")`},
		"unknown":                {`{'Statement': {` + allow + `, 'Comment': ''}}`, `an unknown element "Comment" (it knows Sid, Effect,`},
		"element twice":          {"{'Statement': {" + allow + ",\n 'Resource': 'x'}}", `line 2, column 2: Statement[0] has "Resource" twice`},
		"operator twice":         {`{'Statement': {` + allow + `, 'Condition': {'Bool': {}, 'Bool': {}}}}`, `Statement[0].Condition has "Bool" twice`},
		"key twice":              {`{'Statement': {` + allow + `, 'Condition': {'Bool': {'a': 'b', 'a': 'c'}}}}`, `Statement[0].Condition.Bool has "a" twice`},
		"both":                   {`{'Statement': {` + allow + `, 'NotAction': 'a:b'}}`, "Statement[0] has both Action and NotAction"},
		"no effect":              {`{'Statement': {'Action': 'a:b', 'Resource': '*'}}`, "Statement[0] has no Effect"},
		"effect in lower case":   {`{'Statement': {'Effect': 'allow', 'Action': 'a:b', 'Resource': '*'}}`, `must be "Allow" or "Deny", not "allow"`},
		"no action":              {`{'Statement': {'Effect': 'Allow', 'Resource': '*'}}`, "Statement[0] has no Action"},
		"action without service": {"{'Statement': {'Effect': 'Allow', 'Action': ['a:b',\n 'GetItem'], 'Resource': '*'}}", `line 2, column 2: Action "GetItem" has no service before a colon`},
		"empty list":             {`{'Statement': {'Effect': 'Allow', 'Action': [], 'Resource': '*'}}`, "Statement[0].Action is empty"},
		"number as resource":     {`{'Statement': {'Effect': 'Allow', 'Action': 'a:b', 'Resource': [1]}}`, "Statement[0].Resource must hold a string, not a number"},
		"neither":                {`{'Statement': {'Effect': 'Allow', 'Action': 'a:b'}}`, "neither a Resource (as an identity-based policy must) nor a Principal"},
		"principal ARN":          {`{'Statement': {'Effect': 'Allow', 'Action': 'a:b', 'Principal': 'arn:aws:iam::1:root'}}`, `Statement[0].Principal must be "*" or an object`},
		"unknown principal":      {`{'Statement': {'Effect': 'Allow', 'Action': 'a:b', 'Principal': {'Aws': '1'}}}`, `an unknown element "Aws" (it is spelled "AWS")`},
		"empty principal":        {`{'Statement': {'Effect': 'Allow', 'Action': 'a:b', 'Principal': {}}}`, "Statement[0].Principal is empty"},
		"nested condition value": {`{'Statement': {` + allow + `, 'Condition': {'Bool': {'a': {}}}}}`, "Statement[0].Condition.Bool.a must hold a string, not an object"},
		"condition as a list":    {`{'Statement': {` + allow + `, 'Condition': []}}`, "Statement[0].Condition must be an object, not a list"},
		"null":                   {`{'Statement': null}`, "Statement[0] must be an object, not null"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := document.Parse("policy.json", []byte(strings.ReplaceAll(test.document, "'", `"`)))
			require.ErrorContains(t, err, test.says)
			assert.ErrorContains(t, err, `parsing policy document "policy.json": `)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.NotEmpty(t, fault.RemedyOf(err))
		})
	}
}

func TestParseRefusesWhatIsTooLong(t *testing.T) {
	_, err := document.Parse("", make([]byte, 50<<20))
	require.ErrorContains(t, err, "52428800 bytes are too much for a policy")
}

// TestLongestDocument: whatever shape a file takes, reading it takes time in proportion to its length.
func TestLongestDocument(t *testing.T) {
	const room = 256<<10 - 200
	repeat := func(item string) string { return strings.Repeat(item+",", room/(len(item)+1)) + item }
	numbered := func(format string) string {
		var items []string
		for i := range room / (len(format) + 8) {
			items = append(items, fmt.Sprintf(format, i))
		}
		return strings.Join(items, ",")
	}
	allow := `"Effect":"Allow","Action":"a:b","Resource":"*"`
	for name, text := range map[string]string{
		"values on one line":     `{"Statement":{"Effect":"Allow","Action":"a:b","Resource":[` + repeat(`"é"`) + `]}}`,
		"statements on one line": `{"Statement":[` + repeat("{"+allow+"}") + `]}`,
		"operators":              `{"Statement":{` + allow + `,"Condition":{` + numbered(`"O%d":{"k":"v"}`) + `}}}`,
		"keys":                   `{"Statement":{` + allow + `,"Condition":{"Bool":{` + numbered(`"k%d":"v"`) + `}}}}`,
		"brackets":               strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
		"lines":                  `{"Statement":{` + allow + strings.Repeat("\n", room) + `}}`,
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			d, err := document.Parse("", []byte(text))
			if err == nil {
				d.JSON()
				evaluate.Identity([]document.Document{d}, evaluate.Request{Action: "a:b", Resource: iamtest.Repository})
			}
			assert.Less(t, time.Since(start), 10*time.Second)
		})
	}
}

func TestPlaces(t *testing.T) {
	d, err := document.Parse("role.json", []byte("{\n \"Statement\": [\n  {\"Sid\": \"é\", \"Effect\": \"Allow\", \"Action\": [\"a:b\",\n   \"a:c\"], \"Resource\": \"*\",\n"+
		"   \"Condition\": {\"StringLike\": {\"x.y/z:sub\": [\"1\", \"2\"]}}}]}"))
	require.NoError(t, err)
	tests := map[string]struct{ line, column, endColumn int }{
		"Statement[0].Sid":                               {3, 11, 14},
		"Statement[0].Effect":                            {3, 26, 33},
		"Statement[0].Action[1]":                         {4, 4, 9},
		"Statement[0].Resource[0]":                       {4, 24, 27},
		"Statement[0].Resource":                          {4, 24, 27},
		"Statement[0].Condition.StringLike":              {5, 18, 30},
		"Statement[0].Condition.StringLike.x.y/z:sub":    {5, 33, 44},
		"Statement[0].Condition.StringLike.x.y/z:sub[1]": {5, 52, 55},
		"Statement[0].Condition.StringLike.x.y/z:aud[1]": {5, 18, 30}, // missing: the operator around it
		"Statement[0].Principal.Federated":               {3, 3, 59},  // missing: the statement around it
		"Version":                                        {1, 1, 61},  // missing: the document
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			got := d.Place(path)
			assert.Equal(t, "role.json", got.File)
			assert.Equal(t, path, got.Path)
			assert.Equal(t, []int{want.line, want.column, want.endColumn}, []int{got.Line, got.Column, got.EndColumn})
		})
	}
}

// FuzzParse holds that the reader takes exactly the JSON that encoding/json takes, never panics, and that
// what it took comes out again as the same document.
func FuzzParse(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.json")
	require.NoError(f, err)
	for _, seed := range seeds {
		data, err := os.ReadFile(seed)
		require.NoError(f, err)
		f.Add(data)
	}
	for _, seed := range []string{`{"Statement":{}}`, `[1e5,-0,"\ud800",null,true]`, `{"a":[{"b":{}}],"a":1}`, "\ufeff{}", `{"Statement":[{"Effect":"Deny","NotAction":"*","NotResource":["a","b"],"NotPrincipal":{"AWS":["1"],"Service":"x"}}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := document.Parse("", data)
		if err != nil {
			return
		}
		require.True(t, json.Valid(data), "took what is not JSON")
		again, err := document.Parse("", d.JSON())
		require.NoError(t, err, "its own output: %s", d.JSON())
		require.Equal(t, string(d.JSON()), string(again.JSON()))
		compact, err := document.Parse("", d.Compact())
		require.NoError(t, err)
		require.Equal(t, d.JSON(), compact.JSON())
		evaluate.Identity([]document.Document{d}, evaluate.Request{Action: "ecr:PutImage", Resource: "arn:aws:ecr:us-east-1:123456789012:repository/a/b"})
		evaluate.Resource(d, evaluate.Request{Action: "sts:AssumeRole", Principal: evaluate.Caller{Service: "ec2.amazonaws.com"}})
	})
}
