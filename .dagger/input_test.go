package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

func TestPathsStayInTheRepository(t *testing.T) {
	for path, want := range map[string]string{
		"values.yaml": "values.yaml", "./deploy/values.yaml": "deploy/values.yaml", "a/../b.yaml": "b.yaml", "..values.yaml": "..values.yaml",
	} {
		if got, err := local(path); got != want || err != nil {
			t.Errorf("%q: %q, %v", path, got, err)
		}
	}
	for _, path := range []string{"", ".", "..", "../values.yaml", "a/../../b.yaml", "/etc/values.yaml"} {
		if got, err := local(path); err == nil {
			t.Errorf("%q was taken as %q", path, got)
		}
	}
}

func TestWhatWouldOverwriteAnotherFileIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		in       Input
		function string
		refused  bool
	}{
		"a path that is known":      {Input{Path: "deploy/values.yaml", Placed: true}, "changes", false},
		"a path that isn't":         {Input{Path: "values.yaml"}, "changes", true},
		"the file needs no path":    {Input{Path: "values.yaml"}, "file", false},
		"named by the config":       {Input{Config: true, Placed: true}, "changes", false},
		"corrections without path":  {Input{Path: "values.yaml"}, "the corrections", true},
		"a Secret, to its own path": {Input{Path: "values.yaml", Placed: true, Secret: secret}, "changes", true},
		"a Secret as a file":        {Input{Path: "values.yaml", Secret: secret}, "file", true},
	} {
		err := test.in.writable(test.function)
		var failed *gqlerror.Error
		if refused := errors.As(err, &failed); refused != test.refused {
			t.Errorf("%s: %v", name, err)
		}
		if test.refused && failed.Extensions["exitCode"] != usage {
			t.Errorf("%s: ends with %v", name, failed.Extensions["exitCode"])
		}
	}
}

func TestValuesAreGivenOrNamed(t *testing.T) {
	if _, err := (&Input{}).args(); err == nil || !strings.Contains(err.Error(), "--values") {
		t.Errorf("no values: %v", err)
	}
	if args, err := (&Input{Config: true}).args(); len(args) != 0 || err != nil {
		t.Errorf("the config names them: %v, %v", args, err)
	}
	if args, err := (&Input{Flag: "--helm-release", Path: "a/b.yaml"}).args(); err != nil || args[0] != "--helm-release=a/b.yaml" {
		t.Errorf("a HelmRelease: %v, %v", args, err)
	}
}

func TestCredentialsOfAProcess(t *testing.T) {
	keys, err := readCredentials(`{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2026-11-26T12:00:00Z"}`)
	if err != nil || keys.AccessKeyID != "AKIA" || keys.SecretAccessKey != "s" || keys.SessionToken != "t" {
		t.Errorf("%v", err)
	}
	for _, printed := range []string{"", "s3cret", `{"AccessKeyId": "AKIA"}`, "export AWS_SECRET_ACCESS_KEY=s3cret"} {
		if _, err := readCredentials(printed); err == nil || printed != "" && strings.Contains(err.Error(), printed) {
			t.Errorf("%q: %v", printed, err)
		}
	}
}

func TestFlagsWithoutAValueAreLeftOut(t *testing.T) {
	got := strings.Join(flags{{"a", "1"}, {"b", ""}, {"c", "3"}}.args(), " ")
	if got != "--a=1 --c=3" {
		t.Error(got)
	}
}

func TestKubeconfigLeadsElsewhere(t *testing.T) {
	got := lead("clusters:\n- cluster:\n    server: https://node:6443\n  name: a\n", "https://127.0.0.1:6443")
	want := "clusters:\n- cluster:\n    server: https://127.0.0.1:6443\n    tls-server-name: localhost\n  name: a\n"
	if got != want {
		t.Error(got)
	}
}

var secret = &dagger.Secret{}
