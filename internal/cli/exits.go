package cli

import (
	"maps"

	"github.com/spf13/cobra"
)

// exits says of each command what its exit codes mean; docs/proofs.md has the same table. Every command can also end with
// 64 (wrong use), and one that changes something with 1 (it failed).
var exits = map[string]string{
	"render":      "0 done, 1 the file could not be written, 2 with --check something would change, 64 wrong use",
	"lint":        "0 no error is left, 3 there are errors, 4 the verdict on policies depends on what nobody said, 64 wrong use",
	"policies":    "0 done, 1 a cluster could not be asked, 64 wrong use",
	"check":       "0 nothing is missing, 3 something is, 4 it depends on what nobody said, 64 wrong use",
	"preflight":   "0 nothing stands in the way, 3 something does, 4 something could not be looked at, 64 wrong use",
	"plan":        "0 nothing would change, 2 something would, 3 a gate would refuse, 4 something could not be looked at, 64 wrong use",
	"run":         chain,
	"copy":        chain,
	"deploy":      chain,
	"validate":    chain,
	"disable-zot": chain,
	"rollback":    "0 every workload reads from Zot, 1 failed, 2 with --preview something would change, 3 a gate refused, 4 unproven, 64 wrong use",
	"status":      "0 it was looked at, 3 there is no such release, 4 something could not be looked at, 64 wrong use",
	"drift":       "0 nothing drifts, 2 something does, 3 no cutover stands that it could drift from, 4 something could not be looked at, 64 wrong use",
	"keep-warm":   "0 everything was pulled, 1 failed, 64 wrong use",
	"finish":      "0 done, 1 failed, 3 a gate refused, 4 unproven, 64 wrong use",
}

const chain = "0 done, 1 failed, 3 a gate refused, 4 unproven, 64 wrong use"

// Exits returns what the exit codes of each command mean, by its name. Tests hold documents against it.
func Exits() map[string]string { return maps.Clone(exits) }

// explainExits adds the exit codes to the help of a command and of those below it.
func explainExits(c *cobra.Command) {
	for _, sub := range c.Commands() {
		if codes := exits[sub.Name()]; codes != "" {
			sub.Long += "\n\nExit codes: " + codes + "."
		}
		explainExits(sub)
	}
}
