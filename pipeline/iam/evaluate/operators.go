package evaluate

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operator compares a value of the request with one of the policy
// (reference_policies_elements_condition_operators.html).
type operator struct {
	fits      func(wanted pattern, value string) bool
	negated   bool
	variables bool // policy variables are replaced
}

// operators is fixed: what AWS knows, without set operators and IfExists. Null stands here for its name
// only; it looks at no value.
var operators = map[string]operator{
	"StringEquals":              {fits: equal, variables: true},
	"StringNotEquals":           {fits: equal, variables: true, negated: true},
	"StringEqualsIgnoreCase":    {fits: equalFold, variables: true},
	"StringNotEqualsIgnoreCase": {fits: equalFold, variables: true, negated: true},
	"StringLike":                {fits: like, variables: true},
	"StringNotLike":             {fits: like, variables: true, negated: true},
	"ArnEquals":                 {fits: arnLike, variables: true}, // the same as ArnLike, says AWS
	"ArnNotEquals":              {fits: arnLike, variables: true, negated: true},
	"ArnLike":                   {fits: arnLike, variables: true},
	"ArnNotLike":                {fits: arnLike, variables: true, negated: true},
	"Bool":                      {fits: equalFold, variables: true},
	"Null":                      {},
	"BinaryEquals":              {fits: binary},
	"IpAddress":                 {fits: inRange},
	"NotIpAddress":              {fits: inRange, negated: true},
	"NumericEquals":             {fits: number(func(sign int) bool { return sign == 0 })},
	"NumericNotEquals":          {fits: number(func(sign int) bool { return sign == 0 }), negated: true},
	"NumericLessThan":           {fits: number(func(sign int) bool { return sign < 0 })},
	"NumericLessThanEquals":     {fits: number(func(sign int) bool { return sign <= 0 })},
	"NumericGreaterThan":        {fits: number(func(sign int) bool { return sign > 0 })},
	"NumericGreaterThanEquals":  {fits: number(func(sign int) bool { return sign >= 0 })},
	"DateEquals":                {fits: date(func(sign int) bool { return sign == 0 })},
	"DateNotEquals":             {fits: date(func(sign int) bool { return sign == 0 }), negated: true},
	"DateLessThan":              {fits: date(func(sign int) bool { return sign < 0 })},
	"DateLessThanEquals":        {fits: date(func(sign int) bool { return sign <= 0 })},
	"DateGreaterThan":           {fits: date(func(sign int) bool { return sign > 0 })},
	"DateGreaterThanEquals":     {fits: date(func(sign int) bool { return sign >= 0 })},
}

func equal(wanted pattern, value string) bool     { return wanted.plain() == value }
func equalFold(wanted pattern, value string) bool { return strings.EqualFold(wanted.plain(), value) }
func like(wanted pattern, value string) bool      { return wanted.match(value, false) }

// arnLike compares the six parts of an ARN each by itself.
func arnLike(wanted pattern, value string) bool {
	parts, segments := strings.SplitN(value, ":", 6), wanted.segments()
	if len(parts) != 6 || len(segments) != 6 {
		return false
	}
	for i, segment := range segments {
		if !segment.match(parts[i], false) {
			return false
		}
	}
	return true
}

func binary(wanted pattern, value string) bool {
	want, err := base64.StdEncoding.DecodeString(wanted.plain())
	return err == nil && string(want) == value
}

func inRange(wanted pattern, value string) bool {
	address, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	text := wanted.plain()
	if !strings.Contains(text, "/") {
		single, err := netip.ParseAddr(text)
		return err == nil && single.Unmap() == address.Unmap()
	}
	prefix, err := netip.ParsePrefix(text)
	return err == nil && prefix.Contains(address.Unmap())
}

// number compares value with wanted; the sign is that of value minus wanted.
func number(ok func(sign int) bool) func(pattern, string) bool {
	return func(wanted pattern, value string) bool {
		v, okValue := parseNumber(value)
		w, okWanted := parseNumber(wanted.plain())
		return okValue && okWanted && ok(v.Cmp(w))
	}
}

// parseNumber takes integers and decimals; an exponent could ask for more memory than there is.
func parseNumber(text string) (*big.Rat, bool) {
	if text == "" || strings.Trim(text, "+-.0123456789") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

func date(ok func(sign int) bool) func(pattern, string) bool {
	return func(wanted pattern, value string) bool {
		v, okValue := parseDate(value)
		w, okWanted := parseDate(wanted.plain())
		return okValue && okWanted && ok(v.Compare(w))
	}
}

// parseDate takes ISO 8601 in the forms of the W3C note, or seconds since 1970.
func parseDate(text string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) > 4 {
		return time.Unix(seconds, 0), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
