package module

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/fixtures/rehearsal"
	"github.com/palette-ecr/palette-ecr/pipeline"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
)

// known pragmas: others are swallowed by the engine without a word.
var known = []string{"check", "generate", "up", "cache", "deprecated", "optional", "default", "defaultPath", "defaultAddress", "ignore", "private"}

// stray is a word after a plus that the code generator would take out of the help.
var stray = regexp.MustCompile(`(?m)\+[A-Za-z]\S*$`)

var badName = regexp.MustCompile(`[0-9]|[A-Z]{2}`)

func TestModuleReadsLikeAManual(t *testing.T) {
	objects := readModule(t)
	require.NotEmpty(t, objects)
	for _, o := range objects {
		assert.NotEmpty(t, o.doc, "type %s has no comment", o.name)
		assert.NotRegexp(t, badName, o.name)
		for _, f := range o.functions {
			checkHelp(t, o.name+"."+f.name, f)
		}
	}
}

func checkHelp(t *testing.T, name string, f function) {
	t.Helper()
	if f.name != "New" {
		assert.NotEmpty(t, f.doc, "%s: %s has no comment", f.place, name)
	}
	assert.NotRegexp(t, badName, f.name, f.place)
	for key := range f.pragmas {
		assert.Contains(t, known, key, "%s: %s", f.place, name)
	}
	for _, a := range f.args {
		assert.NotRegexp(t, badName, a.name, f.place)
		first, _, _ := strings.Cut(a.doc, "\n")
		assert.Regexp(t, `^\S.*[.]$`, first, "%s: argument %s of %s has no sentence", f.place, a.name, name)
		for key := range a.pragmas {
			assert.Contains(t, known, key, "%s: argument %s of %s", f.place, a.name, name)
		}
		prose := pragma.ReplaceAllString(a.doc, "")
		assert.NotRegexp(t, stray, prose, "%s: argument %s of %s", f.place, a.name, name)
	}
	assert.NotRegexp(t, stray, pragma.ReplaceAllString(f.doc, ""), f.place)
}

// What is mounted into a stage belongs to its user: a file that only its owner may read on the caller's machine is
// root's in the container otherwise. rehearse.go is apart: a rehearsal runs as root.
func TestStagesMayReadWhatIsMounted(t *testing.T) {
	mount := regexp.MustCompile(`WithMounted(File|Directory|Secret)\(.*`)
	files, err := filepath.Glob(filepath.Join(root, ".dagger", "*.go"))
	require.NoError(t, err)
	seen := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, line := range mount.FindAllString(string(data), -1) {
			if filepath.Base(file) != "rehearse.go" {
				assert.Contains(t, line, "Owner: user", file)
				seen++
			}
		}
	}
	assert.GreaterOrEqual(t, seen, 4)
}

// scalars and engine types that may be given or returned.
var allowed = []string{
	"string", "int", "bool", "[]string", "error",
	"*dagger.File", "*dagger.Directory", "*dagger.Secret", "*dagger.Socket", "*dagger.Service", "*dagger.Container", "*dagger.Changeset",
}

func TestModuleTakesAndGivesKnownTypes(t *testing.T) {
	objects := readModule(t)
	for _, o := range objects {
		for name, kind := range o.fields {
			assert.True(t, isAllowed(objects, kind), "field %s.%s is a %s", o.name, name, kind)
		}
		for _, f := range o.functions {
			assert.True(t, isAllowed(objects, f.returns), "%s: %s gives %s", f.place, f.name, f.returns)
			for _, a := range f.args {
				assert.True(t, isAllowed(objects, a.kind), "%s: argument %s of %s is a %s", f.place, a.name, f.name, a.kind)
			}
		}
	}
}

func isAllowed(objects map[string]object, kind string) bool {
	_, own := objects[strings.TrimLeft(kind, "*[]")]
	return own || slices.Contains(allowed, kind)
}

// What reads or changes a cluster must run at each call; what carries a secret must not outlive its session.
func TestModuleCachesNothingLive(t *testing.T) {
	live := 0
	for _, o := range readModule(t) {
		for _, f := range o.functions {
			if ((f.calls["stage"] || f.calls["next"] || f.calls["live"] || f.calls["about"]) && o.name != "PaletteEcr") || f.calls["docker"] {
				live++
				assert.Contains(t, []string{`"never"`, `"session"`}, f.pragmas["cache"], "%s: %s reads a cluster", f.place, f.name)
			}
			if f.returns == "*dagger.Service" {
				continue
			}
			if slices.ContainsFunc(f.args, func(a argument) bool { return a.kind == "*dagger.Secret" }) {
				assert.NotEmpty(t, f.pragmas["cache"], "%s: %s carries a secret", f.place, f.name)
			}
		}
	}
	assert.GreaterOrEqual(t, live, 12)
}

// An object of the module holds files and Secrets in private fields. The engine doesn't keep those with a result that it
// takes from its cache in a later session: what gives such an object is cached for one session.
func TestModuleCachesNoObjectsBeyondASession(t *testing.T) {
	objects := readModule(t)
	seen := 0
	for _, o := range objects {
		for _, f := range o.functions {
			if of, own := objects[strings.TrimPrefix(f.returns, "*")]; own && len(of.values) == 0 {
				seen++
				assert.Contains(t, []string{`"never"`, `"session"`}, f.pragmas["cache"], "%s: %s", f.place, f.name)
			}
		}
	}
	assert.GreaterOrEqual(t, seen, 20)
}

// Credentials are Secrets.
func TestModuleTakesCredentialsAsSecrets(t *testing.T) {
	credential := regexp.MustCompile(`(?i)kubeconfig|password|token|secretKey|accessKey|credentials|proxy`)
	seen := 0
	for _, o := range readModule(t) {
		for _, f := range o.functions {
			for _, a := range f.args {
				if credential.MatchString(a.name) && a.name != "goProxy" && a.name != "noProxy" {
					seen++
					assert.Equal(t, "*dagger.Secret", a.kind, "%s: argument %s of %s", f.place, a.name, f.name)
				}
			}
		}
	}
	assert.GreaterOrEqual(t, seen, 6)
}

// What people who install the module see has no checks of this repository: those are in a module of their own.
func TestChecksNeedNothing(t *testing.T) {
	for _, f := range readModule(t)["PaletteEcr"].functions {
		assert.NotContains(t, f.pragmas, "check", f.place)
	}
	checks := 0
	dev := readSource(t, "dev", "Dev")["Dev"].functions
	for _, f := range dev {
		if _, check := f.pragmas["check"]; !check {
			continue
		}
		checks++
		for _, a := range append(f.args, dev["New"].args...) {
			assert.False(t, a.required(), "%s: check %s needs %s", f.place, f.name, a.name)
		}
	}
	assert.Equal(t, 3, checks)
}

// Names with hyphens can't be enums, so they are checked against the list that the command line has.
func TestEnumsHaveTheNamesOfTheCommandLine(t *testing.T) {
	objects := readModule(t)
	for name, want := range map[string][]string{
		"Identity":  {"IRSA", "POD_IDENTITY", "INSTANCE_PROFILE"},
		"Severity":  {"ERROR", "WARNING", "INFO"},
		"Format":    {"JSON", "TERRAFORM", "AWS"},
		"ManagedBy": {"HELM", "FLUX"},
	} {
		assert.Equal(t, want, objects[name].values, name)
	}
	var stages, faults []string
	for _, s := range pipeline.Stages() {
		stages = append(stages, enumName(s.Name))
	}
	for _, b := range rehearsal.Breaks() {
		faults = append(faults, enumName(b.Name))
	}
	assert.Equal(t, stages, objects["Stage"].values)
	assert.ElementsMatch(t, faults, objects["Fault"].values)
	for _, name := range objects["Principal"].values {
		_, err := iam.ParsePrincipal(strings.ToLower(strings.ReplaceAll(name, "_", "-")))
		assert.NoError(t, err)
	}
}

func enumName(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }
