package console

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// forms says how values of pflag's own types are written. Their parsers' errors are about Go.
var forms = map[string]string{
	"bool":        "true or false, and no value is true",
	"int":         "a whole number",
	"duration":    "a time such as 90s or 5m",
	"stringToInt": "NAME=NUMBER",
}

// wrongFlag is the error for flags that can't be read.
func wrongFlag(c *cobra.Command, err error) error {
	see := "see " + c.CommandPath() + " --help"
	if value, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if form := forms[value.GetFlag().Value.Type()]; form != "" {
			return fault.New(fault.Usage, see, "reading flags: --%s takes %s, not %q", value.GetFlag().Name, form, value.GetValue())
		}
	}
	return fault.New(fault.Usage, see, "reading flags: %w", err)
}
