package validate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestParseLine(t *testing.T) {
	tests := map[string]struct {
		raw                     string
		failed, pushed, concern bool
		text                    string
	}{
		"controller-runtime": {`{"level":"info","ts":"2026-11-20T10:20:30Z","msg":"pushed OCI artifact","url":"oci://x"}`, false, true, true, "pushed OCI artifact oci://x"},
		"its error":          {`{"level":"error","ts":"2026-11-20T10:20:30Z","msg":"failed to push OCI artifact","error":"DENIED: no"}`, true, false, true, "failed to push OCI artifact: DENIED: no"},
		"slog":               {`{"time":"2026-11-20T10:20:30Z","level":"ERROR","msg":"push failed","err":"x"}`, true, false, true, "push failed: x"},
		"numeric time":       {`{"level":"info","ts":1763634030.5,"msg":"starting"}`, false, false, false, "starting"},
		"no level":           {`{"msg":"x","error":"EOF"}`, true, false, false, "x: EOF"},
		"kubelet's time":     {`2026-11-20T10:20:30.123456789Z {"level":"info","msg":"pushed artifact"}`, false, true, true, "pushed artifact"},
		"zap console":        {"2026-11-20T10:20:30.000Z\tERROR\tcontroller\tpush to ECR failed", true, false, true, "push to ECR"},
		"klog":               {"E1120 10:20:30.000000       1 push.go:12] cannot push: oci://x", true, false, true, "cannot push"},
		"klog info":          {"I1120 10:20:30.000000       1 push.go:12] error count 0, pushed", false, true, true, "pushed"},
		"logfmt":             {`time=2026-11-20T10:20:30Z level=error msg="push failed"`, true, false, true, "push failed"},
		"plain":              {"error: push failed", true, false, true, "push failed"},
		"plain good":         {"pushed oci://x", false, true, true, "pushed"},
		"nothing of ours":    {`{"level":"error","msg":"dex is down"}`, true, false, false, "dex is down"},
		"broken JSON":        {`{"level":"error","msg":"push`, true, false, true, "push"},
		"not UTF-8":          {"ERROR push \xff\xfe", true, false, true, "push"},
		"empty":              {"\n", false, false, false, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := parseLine(test.raw)
			assert.Equal(t, test.failed, got.failed, "failed")
			assert.Equal(t, test.pushed, got.pushed, "pushed")
			assert.Equal(t, test.concern, got.concern, "concern")
			assert.Contains(t, got.text, test.text)
		})
	}
	assert.Equal(t, time.Date(2026, 11, 20, 10, 20, 30, 123456789, time.UTC), parseLine(tests["kubelet's time"].raw).time)
	assert.Equal(t, time.Date(2026, 11, 20, 10, 20, 30, 0, time.UTC), parseLine(tests["controller-runtime"].raw).time)
}

func FuzzParseLine(f *testing.F) {
	for _, seed := range []string{`{"level":"error","msg":"push","error":{"a":[1]}}`, "E1120 10:20:30 x] push", "2026-11-20T10:20:30Z level=error push", "{", "", "\x00\xff", `{"level":1,"error":null}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		l := parseLine(raw)
		if l.failed && l.pushed {
			t.Errorf("%q is read as a failure and as a push that worked", raw)
		}
		if l.concern {
			if why := Explain(l.text, known); why.Cause == "" || why.Remedy == "" {
				t.Errorf("%q has no cause", raw)
			}
		}
	})
}
