package report_test

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const marker = "Zm4rk3r-S3cret"

// fill puts text into every string of a value, one element into every list and map.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), text)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, text)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	}
}

// filled returns a report whose every string, in every field, is text, findings and proofs of every kind included.
func filled(text string) *report.Report {
	var r report.Report
	fill(reflect.ValueOf(&r).Elem(), text)
	finding, proof, stage := r.Findings[0], r.Proofs[0], r.Stages[0]
	r.Findings, r.Proofs, r.Stages = nil, nil, nil
	for _, severity := range []report.Severity{report.Error, report.Warning, report.Info} {
		finding.Severity, finding.Ignored = severity, ""
		inFile, inCluster, ignored := finding, finding, finding
		inFile.Place.Line, inFile.Place.Column = 3, 5
		inCluster.Place.File, inCluster.Place.Path, inCluster.Snippet = "", "", ""
		ignored.Ignored = text
		r.Findings = append(r.Findings, inFile, inCluster, ignored)
	}
	for _, verdict := range []report.Verdict{report.Held, report.Broken, report.Unproven} {
		proof.Verdict = verdict
		proof.Evidence = append(proof.Evidence, report.Evidence{Object: text, Seen: text, OK: true})
		r.Proofs = append(r.Proofs, proof)
	}
	for _, outcome := range []report.Outcome{report.Done, report.Skipped, report.Failed, report.Refused, report.NotRun} {
		stage.Outcome = outcome
		r.Stages = append(r.Stages, stage)
	}
	return &r
}

// No format shows a secret, wherever in the model it got in: known ones in any text, others by their shape.
func TestNoFormatShowsASecret(t *testing.T) {
	t.Parallel()
	known := []string{marker, ""}
	token := base64.StdEncoding.EncodeToString([]byte("AWS:" + marker + strings.Repeat("x", 40)))
	for name, test := range map[string]struct {
		text   string
		hide   []string
		secret string
	}{
		"known":                   {"seen " + marker + " there", known, marker},
		"known, in base64":        {base64.StdEncoding.EncodeToString([]byte(marker)), known, base64.StdEncoding.EncodeToString([]byte(marker))},
		"an address":              {"oci://admin:" + marker + "@zot.mural-system:5000/x", nil, marker},
		"an HTTP header":          {"Authorization: Basic " + marker + "AAAA", nil, marker},
		"a bearer token":          {"sent Bearer " + marker, nil, marker},
		"JSON":                    {`{"password": "` + marker + `"}`, nil, marker},
		"escaped JSON":            {`"{\"Password\":\"` + marker + `\"}"`, nil, marker},
		"a flag":                  {"helm --password=" + marker, nil, marker},
		"an environment variable": {"AWS_SECRET_ACCESS_KEY=" + marker, nil, marker},
		"a signed request":        {"https://x/?X-Amz-Security-Token=" + marker + "&a=b", nil, marker},
		"a service account token": {"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ" + marker + ".c2ln", nil, marker},
		"ECR's token":             {token, nil, token[:40]},
		"a private key":           {"-----BEGIN RSA PRIVATE KEY-----\n" + strings.ReplaceAll(marker, "-", "+") + "\n-----END RSA PRIVATE KEY-----", nil, strings.ReplaceAll(marker, "-", "+")},
	} {
		for _, format := range report.Names() {
			t.Run(name+" in "+format, func(t *testing.T) {
				r := filled(test.text)
				r.Hide(test.hide...)
				assert.NotContains(t, string(written(t, format, r, report.Options{All: true})), test.secret)
				assert.NotContains(t, r.Clean(test.text), test.secret)
			})
		}
	}
}

// The same texts with nothing secret come out whole, so that the test above can fail.
func TestFormatsShowWhatIsNoSecret(t *testing.T) {
	t.Parallel()
	for _, format := range report.Names() {
		if format == "terraform" || format == "plan" { // counts, and a document that its maker masks
			continue
		}
		t.Run(format, func(t *testing.T) {
			out := string(written(t, format, filled("plainvalue"), report.Options{All: true}))
			assert.Contains(t, out, "plainvalue")
		})
	}
}

func TestSnippetsAreMasked(t *testing.T) {
	t.Parallel()
	for _, format := range report.Names() {
		r := failedRun()
		r.Findings[0].Snippet = "    basicAuth: {username: admin, password: " + marker + "}"
		r.Findings[1].Snippet, r.Findings[1].Place.Path = "      "+marker, "hue.ociRegistry.basicAuth.password"
		assert.NotContains(t, string(written(t, format, r, report.Options{})), marker, format)
	}
}

func TestWritingLeavesTheReportAlone(t *testing.T) {
	t.Parallel()
	r, want := filled(marker), filled(marker)
	r.Hide(marker)
	want.Hide(marker)
	for _, format := range report.Names() {
		written(t, format, r, report.Options{})
	}
	assert.Equal(t, want, r)
}
