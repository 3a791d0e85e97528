package evaluate

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzMatch holds the matcher against regular expressions: * is .*, ? is one character; in an ARN neither
// takes a colon, but for a * that ends its segment.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"arn:aws:ecr:*:123456789012:repository/*", "arn:aws:ecr:us-east-1:123456789012:repository/a/b"},
		{"a*b?c", "axxbyc"}, {"*:*c", "a:b:c"}, {"x*a*c", "xa:ac"}, {"**", ""}, {"?", "é"}, {"\xff*", "\xffx"}, {"${x}*", "${x}y"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, p, text string) {
		if len(p) > 200 || len(text) > 200 {
			return
		}
		compiled, ok := (&evaluation{}).compile(p)
		require.True(t, ok, "no variables, nothing to resolve")
		for _, arn := range []bool{false, true} {
			require.Equal(t, expected(p, arn).MatchString(clean(text)), compiled.match(text, arn), "%q %q arn=%v", p, text, arn)
		}
	})
}

// clean makes the text what ranging over it yields.
func clean(text string) string { return string([]rune(text)) }

func expected(p string, arn bool) *regexp.Regexp {
	one := "(?s:.)"
	if arn {
		one = "[^:]"
	}
	chars := []rune(p)
	var expression strings.Builder
	expression.WriteString(`\A`)
	for i, char := range chars {
		switch {
		case char == '*' && (i == len(chars)-1 || chars[i+1] == ':'):
			expression.WriteString("(?s:.)*")
		case char == '*':
			expression.WriteString(one + "*")
		case char == '?':
			expression.WriteString(one)
		default:
			expression.WriteString(regexp.QuoteMeta(string(char)))
		}
	}
	expression.WriteString(`\z`)
	return regexp.MustCompile(expression.String())
}
