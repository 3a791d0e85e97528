package main

import (
	"slices"
	"testing"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// What is chosen adds up, leaves the target that it was chosen for alone, and is not among what reaches the clusters.
func TestChoicesAddUp(t *testing.T) {
	first := (&Target{Hub: &Reached{Path: "/k"}}).WithDecisions([]string{"chat", "hub/Kind/ns/name"}, true, false, true, true)
	both := first.WithCopying(true, []string{"charts"}, true, []string{"PutImage=50"}, true, "registry.example/palette-ecr:v1.0.0", 4, "copier").WithSoak("30m", 0).WithoutSpoke("edge")
	other := first.WithCopying(false, nil, false, nil, false, "", 0, "")
	for _, c := range []struct{ got, want []string }{
		{first.chosen(false), []string{"--accept-broken=chat", "--accept-broken=hub/Kind/ns/name", "--keep-live", "--allow-downgrade", "--recover"}},
		{both.chosen(false), []string{
			"--accept-broken=chat", "--accept-broken=hub/Kind/ns/name", "--keep-live", "--allow-downgrade", "--recover",
			"--leave=charts", "--quota=PutImage=50", "--image=registry.example/palette-ecr:v1.0.0", "--shards=4", "--service-account=copier",
			"--all-repositories", "--create-repository", "--in-cluster", "--soak=30m",
		}},
		{other.chosen(false), first.chosen(false)},
		{first.clusters(), []string{"--kubeconfig=/k"}},
		{first.chosen(true), nil},
		{both.chosen(true), []string{"--without-spoke=edge"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// The stages behind lint leave out the rules that lint left out.
func TestTargetKeepsTheRulesOfLint(t *testing.T) {
	l := &Linted{Module: &PaletteEcr{Input: &Input{Config: true}}, Report: &Report{}, Rules: rules([]string{"L11", "L19"}, true, "1.30.0"), Rendered: true}
	target, err := l.Target(nil, "", "hub", "", "5m", "2m", true, true, true, &dagger.File{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{
		"--flux-manifests=/run/flux/manifests.yaml", "--push-wait=2m", "--prepare-spokes", "--install", "--disable=L11", "--disable=L19",
		"--kube-version=1.30.0", "--cross-account",
	}; !slices.Equal(target.chosen(false), want) {
		t.Errorf("chosen %q, want %q", target.chosen(false), want)
	}
	if want := []string{"--eks-cluster=hub", "--timeout=5m", "--spokes-from-values"}; !slices.Equal(append(target.clusters(), target.chosen(true)...), want) {
		t.Errorf("reached by %q, want %q", append(target.clusters(), target.chosen(true)...), want)
	}
}

// Values that are not rendered go on only where somebody says that they are rendered already.
func TestValuesAsTheyAre(t *testing.T) {
	for _, asIs := range []bool{false, true} {
		l := &Linted{Module: &PaletteEcr{Input: &Input{Config: true}}, Report: &Report{ExitCode: refused}}
		target, err := l.Target(nil, "", "", "", "", "", false, false, false, nil, asIs)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(target.chosen(false), "--as-is") != asIs {
			t.Errorf("as they are %v: %q", asIs, target.chosen(false))
		}
	}
}

// A spoke is named by the flag that its kubeconfig or its name in EKS makes; each kubeconfig has a place of its own.
func TestSpokesAreNamed(t *testing.T) {
	secret := &dagger.Secret{}
	target, err := (&Target{Hub: &Reached{}}).WithSpoke("east", secret, "admin", "")
	if err == nil {
		target, err = target.WithSpoke("far", nil, "", "far,region=eu-west-1")
	}
	if err == nil {
		target, err = target.WithSpoke("west", secret, "", "")
	}
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"--spoke=name=east,kubeconfig=/run/secrets/spokes/0/kubeconfig,context=admin", "--spoke=name=far,eks=far,region=eu-west-1",
		"--spoke=name=west,kubeconfig=/run/secrets/spokes/2/kubeconfig",
	}
	if got := target.clusters(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
