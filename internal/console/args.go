package console

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// checkArgs makes wrong positional arguments wrong use, with a hint, for every command, cobra's own included.
func checkArgs(c *cobra.Command) {
	c.SuggestionsMinimumDistance = 2 // letters that may be wrong
	check := c.Args
	switch {
	case c.Name() == "help":
		check = helpTopic
	case !c.Runnable():
		// Cobra would show help, and call that a success, whatever follows the command.
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if check != nil {
			err := check(c, args)
			if err != nil && len(args) > 0 && c.HasParent() && !c.HasSubCommands() && c.Name() != "help" { // cobra would call it an unknown command
				return fault.New(fault.Usage, "leave it out, or write it after the flag that it is for: see "+c.CommandPath()+" --help", "reading arguments: %q follows %s, which takes only flags", args[0], c.CommandPath())
			}
			if err != nil {
				return fault.New(fault.Usage, hint(c, args), "reading arguments: %w", err)
			}
		}
		// Cobra does so too, but without a word that it is wrong use.
		if err := c.ValidateFlagGroups(); err != nil {
			return fault.New(fault.Usage, "see "+c.CommandPath()+" --help", "reading flags: %w", err)
		}
		return nil
	}
	for _, sub := range c.Commands() {
		checkArgs(sub)
	}
}

// helpTopic takes the name of a command, and refuses anything else: cobra would take it for no name at all.
func helpTopic(c *cobra.Command, args []string) error {
	if _, rest, err := c.Root().Find(args); err != nil || len(rest) > 0 {
		return fmt.Errorf("unknown command %q for %q", strings.Join(args, " "), c.Root().Name())
	}
	return nil
}

// hint names the command that was probably meant.
func hint(c *cobra.Command, args []string) string {
	parent := c
	if c.Name() == "help" {
		parent = c.Root()
	}
	if len(args) > 0 {
		if near := parent.SuggestionsFor(args[0]); len(near) > 0 {
			return fmt.Sprintf("did you mean `%s %s`? See %s --help", parent.CommandPath(), near[0], parent.CommandPath())
		}
	}
	return "see " + parent.CommandPath() + " --help"
}
