package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// Parse reads a command line as Main does and runs nothing. It returns the exit code that a wrong one ends with; what is
// wrong is written to s.Err. Tests hold documents against it.
func Parse(ctx context.Context, args []string, s Streams) int {
	a := newApp(s)
	root := a.rootCommand()
	withoutWork(root)
	return a.Execute(ctx, root, args)
}

// withoutWork takes from every command what it does. A command that is gone says so still.
func withoutWork(c *cobra.Command) {
	if c.RunE != nil && !c.Hidden {
		c.RunE = func(*cobra.Command, []string) error { return nil }
	}
	for _, sub := range c.Commands() {
		withoutWork(sub)
	}
}

// Help returns the long help of every command.
func Help() []string {
	var all []string
	var add func(*cobra.Command)
	add = func(c *cobra.Command) {
		all = append(all, c.Long)
		for _, sub := range c.Commands() {
			add(sub)
		}
	}
	add(newApp(Streams{}).rootCommand())
	return all
}
