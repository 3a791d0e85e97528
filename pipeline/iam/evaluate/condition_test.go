package evaluate_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
)

// TestConditions has, among others, the examples of AWS's pages on condition operators, on several keys or
// values, and on set operators.
func TestConditions(t *testing.T) {
	const (
		yes = evaluate.Allowed
		no  = evaluate.ImplicitDeny
	)
	type context = map[string][]string
	tests := map[string]struct {
		condition string
		context   context
		want      evaluate.Verdict
	}{
		"no conditions":                    {`{}`, nil, yes},
		"equal":                            {`{'StringEquals': {'aws:username': 'john'}}`, context{"aws:username": {"john"}}, yes},
		"other case":                       {`{'StringEquals': {'aws:username': 'john'}}`, context{"aws:username": {"John"}}, no},
		"key in other case":                {`{'StringEquals': {'AWS:UserName': 'john'}}`, context{"aws:username": {"john"}}, yes},
		"missing key":                      {`{'StringEquals': {'aws:username': 'john'}}`, nil, no},
		"missing key, negated":             {`{'StringNotEquals': {'aws:username': 'john'}}`, nil, yes},
		"missing key, if exists":           {`{'StringEqualsIfExists': {'aws:username': 'john'}}`, nil, yes},
		"wrong key, if exists":             {`{'StringEqualsIfExists': {'aws:username': 'john'}}`, context{"aws:username": {"eve"}}, no},
		"one of several":                   {`{'StringEquals': {'k': ['a', 'b']}}`, context{"k": {"b"}}, yes},
		"none of several":                  {`{'StringNotEquals': {'k': ['a', 'b']}}`, context{"k": {"b"}}, no},
		"no value fits":                    {`{'StringEquals': {'k': []}}`, context{"k": {"b"}}, no},
		"all keys":                         {`{'StringEquals': {'k': 'a', 'l': 'b'}}`, context{"k": {"a"}, "l": {"x"}}, no},
		"all operators":                    {`{'StringEquals': {'k': 'a'}, 'StringLike': {'l': 'b*'}}`, context{"k": {"a"}, "l": {"bcd"}}, yes},
		"ignore case":                      {`{'StringEqualsIgnoreCase': {'k': 'ABC'}}`, context{"k": {"abc"}}, yes},
		"not ignore case":                  {`{'StringNotEqualsIgnoreCase': {'k': 'ABC'}}`, context{"k": {"abc"}}, no},
		"like":                             {`{'StringLike': {'s3:prefix': ['', 'home/', 'home/${aws:username}/']}}`, context{"s3:prefix": {"home/bob/"}, "aws:username": {"bob"}}, yes},
		"like, empty":                      {`{'StringLike': {'s3:prefix': ['', 'home/']}}`, context{"s3:prefix": {""}}, yes},
		"not like":                         {`{'StringNotLike': {'k': 'a*'}}`, context{"k": {"abc"}}, no},
		"a star that is none":              {`{'StringEquals': {'k': 'a*'}}`, context{"k": {"abc"}}, no},
		"escaped star":                     {`{'StringLike': {'k': 'a${*}'}}`, context{"k": {"abc"}}, no},
		"escaped star itself":              {`{'StringLike': {'k': 'a${*}'}}`, context{"k": {"a*"}}, yes},
		"escaped dollar":                   {`{'StringEquals': {'k': '${$}{x}'}}`, context{"k": {"${x}"}}, yes},
		"variable":                         {`{'StringEquals': {'k': '${aws:PrincipalTag/Team}'}}`, context{"k": {"red"}, "aws:principaltag/team": {"red"}}, yes},
		"variable's star is plain":         {`{'StringLike': {'k': '${v}'}}`, context{"k": {"abc"}, "v": {"*"}}, no},
		"variable without value":           {`{'StringEquals': {'k': ['${v}', 'abc']}}`, context{"k": {"abc"}}, no},
		"variable without value, negated":  {`{'StringNotEquals': {'k': '${v}'}}`, context{"k": {"abc"}}, yes},
		"no value and another, negated":    {`{'StringNotLike': {'k': ['${v}', 'a*']}}`, context{"k": {"abc"}}, no},
		"variable with default":            {`{'StringEquals': {'k': '${v, \u0027none\u0027}'}}`, context{"k": {"none"}}, yes},
		"variable with several":            {`{'StringEquals': {'k': '${v}'}}`, context{"k": {"a"}, "v": {"a", "b"}}, no},
		"arn":                              {`{'ArnLike': {'k': 'arn:aws:someservice:*:111122223333:finance/*'}}`, context{"k": {"arn:aws:someservice:us-east-2:111122223333:finance/d.txt"}}, yes},
		"arn by segment":                   {`{'ArnLike': {'k': 'arn:aws:someservice:*:111122223333:finance/*'}}`, context{"k": {"arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"}}, no},
		"the same as a string":             {`{'StringLike': {'k': 'arn:aws:someservice:*:111122223333:finance/*'}}`, context{"k": {"arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"}}, yes},
		"arn equals has wildcards":         {`{'ArnEquals': {'k': 'arn:aws:iam::*:role/x'}}`, context{"k": {"arn:aws:iam::123456789012:role/x"}}, yes},
		"arn not like":                     {`{'ArnNotLike': {'k': 'arn:aws:iam::*:role/x'}}`, context{"k": {"arn:aws:iam::123456789012:role/x"}}, no},
		"not an arn":                       {`{'ArnLike': {'k': '*'}}`, context{"k": {"arn:aws:iam::123456789012:role/x"}}, no},
		"true":                             {`{'Bool': {'aws:SecureTransport': true}}`, context{"aws:SecureTransport": {"True"}}, yes},
		"false":                            {`{'Bool': {'aws:SecureTransport': 'true'}}`, context{"aws:SecureTransport": {"false"}}, no},
		"null":                             {`{'Null': {'aws:TokenIssueTime': 'true'}}`, nil, yes},
		"not null":                         {`{'Null': {'aws:TokenIssueTime': 'true'}}`, context{"aws:TokenIssueTime": {"2020"}}, no},
		"is there":                         {`{'Null': {'k': false}}`, context{"k": {"v"}}, yes},
		"is empty":                         {`{'Null': {'k': false}}`, context{"k": {""}}, no},
		"any value":                        {`{'ForAnyValue:StringLike': {'k': ['ID', 'Post*']}}`, context{"k": {"UserName", "PostDateTime"}}, yes},
		"any value, none":                  {`{'ForAnyValue:StringLike': {'k': ['ID', 'Post*']}}`, context{"k": {"UserName"}}, no},
		"any value, missing":               {`{'ForAnyValue:StringNotLike': {'k': 'ID'}}`, nil, no},
		"any value, negated":               {`{'ForAnyValue:StringNotEquals': {'k': 'ID'}}`, context{"k": {"ID", "x"}}, yes},
		"all values":                       {`{'ForAllValues:StringLike': {'k': ['PostDateTime', 'Message', 'Tags']}}`, context{"k": {"PostDateTime", "Message"}}, yes},
		"all values, one not":              {`{'ForAllValues:StringLike': {'k': ['PostDateTime', 'Message', 'Tags']}}`, context{"k": {"PostDateTime", "UserName"}}, no},
		"all values, missing":              {`{'ForAllValues:StringEquals': {'k': 'a'}}`, nil, yes},
		"all values, empty":                {`{'ForAllValues:StringEquals': {'k': 'a'}}`, context{"k": {""}}, yes},
		"all values, if exists":            {`{'ForAllValues:StringEqualsIfExists': {'k': 'a'}}`, nil, yes},
		"number":                           {`{'NumericLessThanEquals': {'s3:max-keys': '10'}}`, context{"s3:max-keys": {"10"}}, yes},
		"number, no text":                  {`{'NumericLessThan': {'s3:max-keys': '10'}}`, context{"s3:max-keys": {"9.5"}}, yes},
		"numbers, not text":                {`{'NumericEquals': {'n': 5}}`, context{"n": {"5.0"}}, yes},
		"greater":                          {`{'NumericGreaterThan': {'n': 5}}`, context{"n": {"5"}}, no},
		"greater or equal":                 {`{'NumericGreaterThanEquals': {'n': 5}}`, context{"n": {"5"}}, yes},
		"not the number":                   {`{'NumericNotEquals': {'n': 5}}`, context{"n": {"6"}}, yes},
		"no number":                        {`{'NumericEquals': {'n': '1e9999999999'}}`, context{"n": {"1e9999999999"}}, no},
		"after":                            {`{'DateGreaterThan': {'aws:TokenIssueTime': '2020-01-01T00:00:01Z'}}`, context{"aws:TokenIssueTime": {"2020-06-01T00:00:00Z"}}, yes},
		"before":                           {`{'DateLessThan': {'t': '2020-01-01'}}`, context{"t": {"1577836800"}}, no},
		"at, in two forms":                 {`{'DateEquals': {'t': '2020-01-01T00:00Z'}}`, context{"t": {"1577836800"}}, yes},
		"not before, not after":            {`{'DateLessThanEquals': {'t': '2020'}, 'DateGreaterThanEquals': {'t': '2020-01'}}`, context{"t": {"2020-01-01T00:00:00Z"}}, yes},
		"not the date":                     {`{'DateNotEquals': {'t': '2020'}}`, context{"t": {"2021"}}, yes},
		"in the network":                   {`{'IpAddress': {'aws:SourceIp': ['203.0.113.0/24', '2001:DB8:1234:5678::/64']}}`, context{"aws:SourceIp": {"2001:db8:1234:5678::1"}}, yes},
		"in another network":               {`{'IpAddress': {'aws:SourceIp': '203.0.113.0/24'}}`, context{"aws:SourceIp": {"203.0.114.1"}}, no},
		"one address":                      {`{'NotIpAddress': {'aws:SourceIp': '203.0.113.7'}}`, context{"aws:SourceIp": {"203.0.113.7"}}, no},
		"binary":                           {`{'BinaryEquals': {'k': 'QmluYXJ5VmFsdWVJbkJhc2U2NA=='}}`, context{"k": {"BinaryValueInBase64"}}, yes},
		"unknown operator":                 {`{'StringMatches': {'k': 'v'}}`, context{"k": {"v"}}, no},
		"operator in lower case":           {`{'stringequals': {'k': 'v'}}`, context{"k": {"v"}}, no},
		"unknown set operator":             {`{'ForSomeValues:StringEquals': {'k': 'v'}}`, context{"k": {"v"}}, no},
		"null knows no if exists":          {`{'NullIfExists': {'k': 'true'}}`, nil, no},
		"several values without operator":  {`{'StringNotEquals': {'k': 'a'}}`, context{"k": {"a", "b"}}, no},
		"several values, one of them fits": {`{'StringEquals': {'k': 'a'}}`, context{"k": {"a", "b"}}, yes},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := iamtest.Statement(t, `'Action': 'a:b', 'Resource': '*', 'Condition': `+test.condition)
			assert.Equal(t, test.want, evaluate.Identity([]document.Document{d}, evaluate.Request{Action: "a:b", Resource: "*", Context: test.context}).Verdict)
		})
	}
}

// TestNullOfAnUnknownKey: several values of one key are an OR (reference_policies_condition-logic-multiple-context-keys-or-values.html),
// so true and false hold whether the key is in the request or not; one of them depends on it.
func TestNullOfAnUnknownKey(t *testing.T) {
	for condition, want := range map[string]evaluate.Verdict{
		`{'Null': {'k': ['true', 'false']}}`:              evaluate.Allowed,
		`{'Null': {'k': ['false', 'True', 'true']}}`:      evaluate.Allowed,
		`{'Null': {'k': [true, false]}}`:                  evaluate.Allowed,
		`{'Null': {'k': []}}`:                             evaluate.ImplicitDeny,
		`{'Null': {'k': 'true'}}`:                         evaluate.Depends,
		`{'Null': {'k': ['false', 'false']}}`:             evaluate.Depends,
		`{'Null': {'k': ['true', 'false'], 'l': 'true'}}`: evaluate.Depends,
	} {
		d := iamtest.Statement(t, `'Action': 'a:b', 'Resource': '*', 'Condition': `+condition)
		request := evaluate.Request{Action: "a:b", Resource: "*", Unknown: func(string) bool { return true }}
		assert.Equal(t, want, evaluate.Identity([]document.Document{d}, request).Verdict, condition)
	}
}

// TestUnknownOperator: an Allow is not granted, a Deny stays a Deny, and both are told.
func TestUnknownOperator(t *testing.T) {
	request := evaluate.Request{Action: "a:b", Resource: "*", Context: map[string][]string{"k": {"v"}}}
	allow := evaluate.Identity([]document.Document{iamtest.Statement(t, `'Sid': 'Odd', 'Action': 'a:b', 'Resource': '*', 'Condition': {'StringMatches': {'k': 'v'}}`)}, request)
	assert.Equal(t, evaluate.ImplicitDeny, allow.Verdict)
	assert.Equal(t, []string{`statement "Odd": condition operator "StringMatches" is not known`}, allow.Ignored)
	assert.Equal(t, `implicit deny (ignored: statement "Odd": condition operator "StringMatches" is not known)`, allow.String())
	deny := evaluate.Identity([]document.Document{iamtest.Statement(t, `'Effect': 'Deny', 'Action': 'a:b', 'Resource': '*', 'Condition': {'StringMatches': {'k': 'v'}}`)}, request)
	assert.Equal(t, evaluate.ExplicitDeny, deny.Verdict)
}

// TestVariables are AWS's own examples of reference_policies_variables.html.
func TestVariables(t *testing.T) {
	bob := map[string][]string{"aws:username": {"bob"}}
	const statement = `'Statement': {'Effect': 'Allow', 'Action': 's3:*', 'Resource': 'arn:aws:s3:::mybucket/${aws:username}/*'}}`
	now, legacy := iamtest.Policy(t, `{'Version': '2012-10-17', `+statement), iamtest.Policy(t, `{'Version': '2008-10-17', `+statement)
	get := func(object string) evaluate.Request {
		return evaluate.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::mybucket/" + object, Context: bob}
	}
	assert.True(t, evaluate.Identity([]document.Document{now}, get("bob/x")).Allowed())
	assert.False(t, evaluate.Identity([]document.Document{now}, get("eve/x")).Allowed())
	assert.False(t, evaluate.Identity([]document.Document{legacy}, get("bob/x")).Allowed(), "before 2012-10-17 a variable is plain text")
	assert.True(t, evaluate.Identity([]document.Document{legacy}, get("${aws:username}/x")).Allowed())
	unresolved := get("bob/x")
	unresolved.Context = nil
	decision := evaluate.Identity([]document.Document{now}, unresolved)
	assert.Equal(t, evaluate.ImplicitDeny, decision.Verdict)
	assert.Equal(t, []string{`statement 1: a variable in Resource "arn:aws:s3:::mybucket/${aws:username}/*" has no value`}, decision.Ignored)
}
