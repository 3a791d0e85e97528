package report

import (
	"encoding/base64"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// The model holds no secret by contract. This is the second lock: whatever text reaches an output, what looks
// like a secret is hidden in it.

// secretShape is how a secret gives itself away wherever it stands: the group named secret is hidden. Text
// without what needs says (when it says something) cannot have it, which spares the search.
type secretShape struct {
	needs string
	*regexp.Regexp
}

var secretShapes = []secretShape{
	// user information of an address
	{"@", regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://(?P<secret>[^\s/'"<>]+)@`)},
	// HTTP authorization
	{"", regexp.MustCompile(`(?i)\b(?:basic|bearer)\s+(?P<secret>[A-Za-z0-9+/._~-]{12,}=*)`)},
	// name=value and name:value
	{"=", regexp.MustCompile(credentialName + `=\\?["']?` + credentialValue)},
	{":", regexp.MustCompile(credentialName + `:\\?["']?` + credentialValue)},
	// "name": "value", also within a string
	{`"`, regexp.MustCompile(credentialName + `\\?["']\s*[:=]\s*\\?["']?` + credentialValue)},
	{`'`, regexp.MustCompile(credentialName + `\\?["']\s*[:=]\s*\\?["']?` + credentialValue)},
	// what an AWS request is signed with
	{"=", regexp.MustCompile(`(?i)X-Amz-(?:Signature|Security-Token|Credential)=(?P<secret>[^&\s"']+)`)},
	// JSON Web Tokens, such as those of service accounts
	{"eyJ", regexp.MustCompile(`(?P<secret>\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*)`)},
	// ECR's authorization token: AWS:… in base64
	{"QVdTO", regexp.MustCompile(`(?P<secret>\bQVdTO[A-Za-z0-9+/]{20,}=*)`)},
	// private keys
	{"-----BEGIN", regexp.MustCompile(`(?P<secret>-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?)`)},
}

const (
	credentialName  = `(?i)(?:password|passwd|passphrase|secret_?access_?key|session_?token|client_?secret|api_?key)`
	credentialValue = `(?P<secret>[^\s"'\\,;&}*][^\s"'\\,;&}]*)`
)

// fixedLength and sameLength make what a secret is replaced by; the latter keeps columns.
func fixedLength(string) string { return hidden }

func sameLength(secret string) string { return strings.Repeat("*", len([]rune(secret))) }

// scrub hides what looks like a secret in text.
func scrub(text string, by func(string) string) string {
	for _, shape := range secretShapes {
		if !strings.Contains(text, shape.needs) {
			continue
		}
		group := shape.SubexpIndex("secret")
		var out strings.Builder
		done := 0
		for _, match := range shape.FindAllStringSubmatchIndex(text, -1) {
			from, to := match[2*group], match[2*group+1]
			out.WriteString(text[done:from])
			out.WriteString(by(text[from:to]))
			done = to
		}
		if done > 0 {
			text = out.String() + text[done:]
		}
	}
	return text
}

// shortestSecret is the length in bytes below which a known secret is not looked for: hiding each "a" would
// leave nothing to read.
const shortestSecret = 4

// knownSecrets hides the given secrets, also as they are written in base64 and in addresses, longest first.
func knownSecrets(secrets []string) *strings.Replacer {
	var forms []string
	for _, s := range secrets {
		if s = strings.TrimSpace(s); len(s) >= shortestSecret {
			forms = append(forms, s, base64.StdEncoding.EncodeToString([]byte(s)), url.QueryEscape(s), url.PathEscape(s))
		}
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, form := range forms {
		pairs = append(pairs, form, hidden)
	}
	return strings.NewReplacer(pairs...)
}

// Scrub returns text without what looks like a secret.
func Scrub(text string) string { return scrub(text, fixedLength) }

// Clean returns text without the secrets that the report was told to hide, and without what looks like one.
func (r *Report) Clean(text string) string {
	return scrub(knownSecrets(r.secrets).Replace(text), fixedLength)
}

// withoutSecrets returns a deep copy of the report without the secrets that it was told to hide, and without what
// looks like one.
func withoutSecrets(r *Report) *Report {
	replacer := knownSecrets(r.secrets)
	clean := func(s string) string { return scrub(replacer.Replace(s), fixedLength) }
	out := reflect.New(reflect.TypeFor[Report]()).Elem()
	copyStrings(out, reflect.ValueOf(r).Elem(), clean)
	copied := out.Addr().Interface().(*Report)
	for i := range copied.Findings {
		f := &copied.Findings[i]
		f.Snippet = MaskPlace(replacer.Replace(r.Findings[i].Snippet), f.Place)
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
