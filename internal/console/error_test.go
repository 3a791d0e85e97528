package console_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/internal/console"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestPrintError(t *testing.T) {
	t.Parallel()
	cause := fault.New(fault.Failed, "check the network", "fetching %q: %w", "x", errors.New("no route"))
	for name, test := range map[string]struct {
		err     error
		colored bool
		want    string
	}{
		"nothing":       {nil, true, ""},
		"plain":         {cause, false, "error: fetching \"x\": no route\ntry:   check the network\n"},
		"in colour":     {cause, true, "\x1b[31;1merror:\x1b[0;22m fetching \"x\": no route\n\x1b[1mtry:\x1b[22m   check the network\n"},
		"no remedy":     {errors.New("broken"), false, "error: broken\n"},
		"with a secret": {errors.New("fetching oci://admin:secret@zot/x"), false, "error: fetching oci://********@zot/x\n"},
		"joined":        {errors.Join(cause, errors.New("second")), false, "error: fetching \"x\": no route\nsecond\ntry:   check the network\n"},
		"inner remedy":  {fault.New(fault.Failed, "", "running: %w", cause), false, "error: running: fetching \"x\": no route\ntry:   check the network\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			console.PrintError(&out, test.err, report.Scrub, test.colored)
			assert.Equal(t, test.want, out.String())
		})
	}
}
