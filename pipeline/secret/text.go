package secret

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// secretShape is how a secret gives itself away wherever it stands: the group named secret is hidden; where there is a
// group named key, only if Key says so of it. Text without what needs says (when it says something) cannot have it, which
// spares the search.
type secretShape struct {
	needs string
	*regexp.Regexp
}

var secretShapes = []secretShape{
	// user information of an address
	{"@", regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://(?P<secret>[^\s/'"<>]+)@`)},
	// the same with a slash in the password, which should have been escaped: what looks like a port is none
	{"@", regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://(?P<secret>[^\s/'":@<>\[]*:[^\s/'"<>@]*[^0-9\s/'"<>@][^\s'"<>]*)@`)},
	// and without a scheme
	{"@", regexp.MustCompile(`(?:^|[\s"'(=,])(?P<secret>[^\s/"'@:=(),]*:[^\s/"'@]+)@[A-Za-z0-9-]+(?:\.[A-Za-z0-9.-]+|:[0-9]{2,5}\b|/|\()`)},
	// the login of an administrator, as people note it in comments
	{"admin:", regexp.MustCompile(`(?i)\badmin:(?P<secret>[^\s/"',;]{4,})`)},
	// HTTP authorization
	{"", regexp.MustCompile(`(?i)\b(?:basic|bearer)\s+(?P<secret>[A-Za-z0-9+/._~-]{12,}=*)`)},
	// name=value and name:value
	{"=", regexp.MustCompile(credentialName + `=\\?["']?` + credentialValue)},
	{"=", regexp.MustCompile(`(?i)\b(?:token|pwd|access_?key|auth_?token|account_?key|shared_?access_?(?:key|signature))=\\?["']?` + credentialValue)},
	{":", regexp.MustCompile(credentialName + `:\\?["']?` + credentialValue)},
	// "name": "value", also within a string
	{`"`, regexp.MustCompile(quotedKey + `\s*[:=]\s*\\?["']` + credentialValue)},
	{`'`, regexp.MustCompile(quotedKey + `\s*[:=]\s*\\?["']` + credentialValue)},
	{`"`, regexp.MustCompile(credentialName + `\\?["']\s*[:=]\s*\\?["']?` + credentialValue)},
	{`'`, regexp.MustCompile(credentialName + `\\?["']\s*[:=]\s*\\?["']?` + credentialValue)},
	// arguments of commands: --api-key=…, --token …, and curl's -u user:…
	{"--", regexp.MustCompile(`(?:^|[\s"'])--(?P<key>[A-Za-z0-9-]*(?i:pass|token|secret|api-?key|access-?key|auth)[A-Za-z0-9-]*)[= ]["']?(?P<secret>[^\s"'\\,;*‹$<|-][^\s"'\\,;|]*)`)},
	{"-u", regexp.MustCompile(`(?:^|[\s"'])-u[ =]?["']?[^\s:"'-][^\s:"']*:(?P<secret>[^\s"'/][^\s"']*)`)},
	// what services give out with a mark of their own: GitHub, Slack, Azure
	{"gh", regexp.MustCompile(`(?P<secret>\b(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{20,})`)},
	{"hooks.slack.com", regexp.MustCompile(`hooks\.slack\.com/services/(?P<secret>[^\s"']+)`)},
	{"/webhooks/", regexp.MustCompile(`/webhooks/[0-9]+/(?P<secret>[^\s"']+)`)},
	{"webhook", regexp.MustCompile(`/webhookb?2?/(?P<secret>[^\s"']{8,})`)},
	{"machine", regexp.MustCompile(`\bmachine\s+\S+\s[^\n]*\bpassword\s+(?P<secret>[^\s"']+)`)},
	// mysql -ppassword, sshpass -p password
	{"-p", regexp.MustCompile(`\b(?:mysql[a-z]*|mariadb[a-z-]*)\b[^\n|;&]*[\s"']-p(?P<secret>[^\s"']+)`)},
	// docker login -u admin -p password
	{"login", regexp.MustCompile(`\blogin\b[^\n|;&]*[\s"']-p(?:[ =]["']?|["'],\s*["'])(?P<secret>[^\s"'-][^\s"',]*)`)},
	{"redis-cli", regexp.MustCompile(`\bredis-cli\b[^\n|;&]*\s-a\s*["']?(?P<secret>[^\s"']+)`)},
	// echo password | docker login --password-stdin
	{"-stdin", regexp.MustCompile(`\b(?:echo|printf)\s+(?:-n\s+)?["']?(?P<secret>[^\s"'|$%][^"'|\n]*?)["']?\s*\|[^\n]*-stdin`)},
	// the two parts of an access key beside each other, and hashes of passwords
	{"A", regexp.MustCompile(`\bA[KS]IA[A-Z0-9]{12,}\b[^A-Za-z0-9/+\n]{1,5}(?P<secret>[A-Za-z0-9/+]{30,})`)},
	{"$", regexp.MustCompile(`(?P<secret>\$(?:apr1|2[abxy]|[156]|argon2[a-z]*)\$[^\s"',;]+)`)},
	{"htpasswd", regexp.MustCompile(`\bhtpasswd\b[^\n|;&]*[\s"']-[a-zA-Z]*b[a-zA-Z]*["']?,?\s+[^\s,]+,?\s+["']?(?P<secret>[^\s"',\]]+)`)},
	{"sshpass", regexp.MustCompile(`\bsshpass\s+-p\s*["']?(?P<secret>[^\s"']+)`)},
	// a header of HTTP
	{":", regexp.MustCompile(`(?i)\b(?:authorization|[a-z-]+-token|x-api-key)["']?\s*:\s*["']?(?:(?:basic|bearer|token)\s+)?(?P<secret>[^\s"'*\[{$<][^\s"'\\,;}]*)`)},
	{"sig=", regexp.MustCompile(`(?:[?&]|\\u0026|&amp;)sig=(?P<secret>[^&\s"']+)`)},
	// what an AWS request is signed with
	{"=", regexp.MustCompile(`(?i)X-Amz-(?:Signature|Security-Token|Credential)=(?P<secret>[^&\s"']+)`)},
	// JSON Web Tokens, such as those of service accounts
	{"eyJ", regexp.MustCompile(`(?P<secret>\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*)`)},
	// ECR's authorization token: AWS:… in base64
	{"QVdTO", regexp.MustCompile(`(?P<secret>\bQVdTO[A-Za-z0-9+/]{20,}=*)`)},
	// a kubeconfig, a Docker configuration and a private key in base64
	{"YXBpVmVyc2lvbjog", regexp.MustCompile(`(?P<secret>\bYXBpVmVyc2lvbjog[A-Za-z0-9+/]{20,}=*)`)},
	{"eyJh", regexp.MustCompile(`(?P<secret>\beyJ(?:hdXRocyI6|hcGlWZXJzaW9uI)[A-Za-z0-9+/]{10,}=*)`)},
	{"LS0tLS1CRUdJTi", regexp.MustCompile(`(?P<secret>\bLS0tLS1CRUdJTi(?:BQUklWQVRF|BSU0Eg|BFQyBQ|BPUEVOU1NI|BFTkNSWVBURU)[A-Za-z0-9+/]{20,}=*)`)},
	// what libraries quote of YAML that they can't read (go.yaml.in/yaml, sigs.k8s.io/yaml): a password that begins with * is
	// an alias, in a wrong place it is a value of another type, and in braces a key
	{"anchor '", regexp.MustCompile(`\banchor '(?P<secret>.+)' (?:referenced|value contains itself)`)},
	{" !!", regexp.MustCompile("cannot (?:unmarshal|decode) !![a-z]+ `(?P<secret>[^`]+)`")},
	{" !", regexp.MustCompile(`cannot (?:unmarshal|decode) !(?P<secret>[^!\s]\S*)`)},
	{"map key", regexp.MustCompile(`invalid map key: (?P<secret>.+)`)},
	{"map key", regexp.MustCompile(`unsupported map key of type: \S+, key: (?P<secret>.+)`)},
	// private keys
	{"-----BEGIN", regexp.MustCompile(`(?P<secret>-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?)`)},
}

const (
	quotedKey       = `["'](?P<key>[A-Za-z_][A-Za-z0-9_.-]*)\\?["']`
	credentialName  = `(?i)(?:password|passwd|passphrase|secret_?access_?key|session_?token|client_?secret|api_?key)`
	credentialValue = `(?P<secret>[^\s"'\\,;&}*][^\s"'\\,;&}]*)`
)

// Text hides what looks like a secret in text: an error, a message, a line of a log.
func Text(text string) string {
	for _, shape := range secretShapes {
		text = shape.hide(text)
	}
	return text
}

// hide hides what has the shape.
func (s secretShape) hide(text string) string {
	var out strings.Builder
	done := 0
	for _, at := range s.find(text) {
		out.WriteString(text[done:at[0]])
		out.WriteString(Hidden)
		done = at[1]
	}
	return out.String() + text[done:]
}

// Find returns where in a text, of several lines perhaps, something looks like a secret.
func Find(text string) [][2]int {
	var found [][2]int
	for _, shape := range secretShapes {
		found = append(found, shape.find(text)...)
	}
	return found
}

func (s secretShape) find(text string) [][2]int {
	if !strings.Contains(text, s.needs) {
		return nil
	}
	group, key := s.SubexpIndex("secret"), s.SubexpIndex("key")
	var found [][2]int
	for _, match := range s.FindAllStringSubmatchIndex(text, -1) {
		if key >= 0 && !Key(text[match[2*key]:match[2*key+1]]) {
			continue
		}
		if strings.Trim(text[match[2*group]:match[2*group+1]], "{[") == "" {
			continue // a mapping or a list begins, in which each value has its own key
		}
		found = append(found, [2]int{match[2*group], match[2*group+1]})
	}
	return found
}

// shortest is the length in bytes below which a known secret is not looked for: hiding each "a" would
// leave nothing to read.
const shortest = 4

// Known hides the given secrets, also as they are written in base64 and in addresses, longest first.
func Known(secrets []string) *strings.Replacer {
	var forms []string
	for _, s := range lines(secrets) {
		if s = strings.TrimSpace(s); len(s) >= shortest {
			forms = append(forms, s, escaped(s), base64.StdEncoding.EncodeToString([]byte(s)), url.QueryEscape(s), url.PathEscape(s))
		}
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, form := range forms {
		pairs = append(pairs, form, Hidden)
	}
	return strings.NewReplacer(pairs...)
}

// escaped is a text as encoding/json writes it within quotes.
func escaped(s string) string {
	out, err := json.Marshal(s)
	if err != nil { // a string is always one in JSON
		return s
	}
	return string(out[1 : len(out)-1])
}

// lines adds the lines of texts that have several.
func lines(texts []string) []string {
	all := slices.Clone(texts)
	for _, text := range texts {
		if strings.Contains(text, "\n") {
			all = append(all, strings.Split(text, "\n")...)
		}
	}
	return all
}
