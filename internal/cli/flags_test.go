package cli

import (
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notOfRun are the flags of lint and render that run does not take, each with its reason.
var notOfRun = map[string]string{
	"explain": "it shows a text and judges nothing",
	"fix":     "run renders, which is the same", "check": "plan says what would change", "diff": "the plan shows it",
	"disable-zot": "a stage of its own, behind its proofs", "revert": "rollback goes back",

	"values-from-hub":   "run reads what valuesFrom names from the hub by itself",
	"source-controller": "preflight reads the version of each cluster's", "flux-namespace": "preflight finds it in the cluster",
	"region": "the registry's, which run works in",

	// preflight asks IAM and each cluster for what these give lint without them.
	"policy": "preflight reads the role's policies", "principal": "preflight judges the role of hue and source-controller", "boundary": "preflight asks IAM, which knows it",
	"trust": "preflight reads the role's trust policy", "issuer": "preflight reads each cluster's", "cluster": "preflight reads the hub's ARN", "account": "preflight asks AWS who we are",
	"vpce": "preflight asks IAM to simulate", "source-ip": "preflight asks IAM to simulate", "org-id": "preflight asks IAM to simulate",
	"resource-tag": "preflight asks IAM to simulate", "date": "preflight asks IAM to simulate", "fact": "preflight asks IAM to simulate",
}

// TestRunTakesWhatLintAndRenderTake: who found the right flags with the small commands has them for the cutover.
func TestRunTakesWhatLintAndRenderTake(t *testing.T) {
	t.Parallel()
	flags := map[string]*pflag.FlagSet{}
	for _, c := range newApp(Streams{}).commands() {
		flags[c.Name()] = c.Flags()
	}
	missing := map[string]bool{}
	for _, of := range []string{"lint", "render"} {
		require.NotNil(t, flags[of], of)
		flags[of].VisitAll(func(f *pflag.Flag) {
			with := flags["run"].Lookup(f.Name)
			if with == nil {
				missing[f.Name] = true
				assert.Contains(t, notOfRun, f.Name, "%s has --%s, and run does not", of, f.Name)
				return
			}
			assert.Equal(t, f.Value.Type(), with.Value.Type(), "--%s of %s and of run", f.Name, of)
		})
	}
	for name := range notOfRun {
		assert.True(t, missing[name], "--%s is not missing any more", name)
	}
}
