package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

func TestCodeAndRemedy(t *testing.T) {
	t.Parallel()
	inner := fault.New(fault.Usage, "write oci:// first", "parsing %q: no scheme", "x")
	outer := fault.New(fault.Refused, "", "linting %q: %w", "values.yaml", inner)
	tests := map[string]struct {
		err    error
		code   fault.Code
		remedy string
	}{
		"nil":               {nil, fault.Done, ""},
		"plain":             {errors.New("x"), fault.Failed, ""},
		"wrapped":           {fmt.Errorf("more: %w", inner), fault.Usage, "write oci:// first"},
		"outermost code":    {outer, fault.Refused, "write oci:// first"},
		"a deadline":        {fmt.Errorf("waiting: %w", context.DeadlineExceeded), fault.Failed, "try again with a longer --timeout"},
		"deadline in fault": {fault.New(fault.Failed, "", "waiting: %w", context.DeadlineExceeded), fault.Failed, "try again with a longer --timeout"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.code, fault.CodeOf(test.err))
			assert.Equal(t, test.remedy, fault.RemedyOf(test.err))
		})
	}
}
