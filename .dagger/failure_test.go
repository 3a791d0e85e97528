package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

func TestOutcomeIsTheReports(t *testing.T) {
	for name, test := range map[string]struct {
		report string
		code   int
		why    string
	}{
		"done":           {`{"exitCode": 0, "stages": []}`, 0, ""},
		"a pending one":  {`{"exitCode": 2}`, 2, "it ended with exit code 2"},
		"with a remedy":  {`{"exitCode": 3, "error": "linting \"v\": 2 errors", "remedy": "run ` + "`palette-ecr lint --fix`" + `"}`, 3, "linting \"v\": 2 errors\ntry:   run `lint --report-anyway fix export --path=.`"},
		"without remedy": {`{"exitCode": 1, "error": "copying: error: no route"}`, 1, "copying: error: no route"},
	} {
		code, why, err := readOutcome(test.report)
		if err != nil || code != test.code || why != test.why {
			t.Errorf("%s: %d, %q, %v", name, code, why, err)
		}
	}
	if _, _, err := readOutcome("error: no JSON"); err == nil {
		t.Error("what isn't JSON was read")
	}
}

func TestErrorBeforeAReport(t *testing.T) {
	for said, want := range map[string]string{
		"error: a\n":                             "a",
		"error: a\ntry:   b\n":                   "a\ntry:   b",
		"copying\nerror: old\nerror: a\ntry: b":  "a\ntry:   b",
		"":                                       "",
		"panic: something else\n\ngoroutine 1\n": "panic: something else\n\ngoroutine 1",
	} {
		if code, got := fromStderr(1, said); code != 1 || got != want {
			t.Errorf("%q: %d, %q, want %q", said, code, got, want)
		}
	}
}

func TestWrongToolIsWrongUse(t *testing.T) {
	for _, said := range []string{
		"fork/exec /usr/local/bin/palette-ecr: exec format error\n",
		`exec: "palette-ecr": executable file not found in $PATH`,
	} {
		if code, why := fromStderr(1, said); code != usage || !strings.Contains(why, "\ntry:   give one for Linux") {
			t.Errorf("%q: %d, %q", said, code, why)
		}
	}
}

func TestFailureCarriesTheExitCode(t *testing.T) {
	var failed *gqlerror.Error
	if !errors.As(wrongUse("reading x: wrong", "write y"), &failed) {
		t.Fatal("not an error of GraphQL")
	}
	if failed.Extensions["exitCode"] != usage || failed.Extensions["_type"] != "EXEC_ERROR" {
		t.Errorf("extensions: %v", failed.Extensions)
	}
	if failed.Extensions["stdout"] != "" || failed.Extensions["stderr"] != "" {
		t.Error("the message would be printed again")
	}
	if lines := strings.Count(failed.Message, "\n") + 1; lines > 5 {
		t.Errorf("%d lines", lines)
	}
}

func TestUnreadableSecretIsWrongUse(t *testing.T) {
	for _, text := range []string{
		`rpc error: code = Unknown desc = secret env var not found: "NOPE"`,
		`failed to read secret file "nope": open nope: no such file or directory`,
	} {
		var failed *gqlerror.Error
		if err := unreadable(errors.New(text)); !errors.As(err, &failed) || failed.Extensions["exitCode"] != usage {
			t.Errorf("%s: %v", text, err)
		}
	}
	if other := errors.New("no route to host"); !errors.Is(unreadable(other), other) {
		t.Error("another error was changed")
	}
}
