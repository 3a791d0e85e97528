package main

import (
	"slices"
	"testing"
)

// What is chosen adds up, leaves the target that it was chosen for alone, and is not among what reaches the clusters.
func TestChoicesAddUp(t *testing.T) {
	first := (&Target{Flags: []string{"--kubeconfig=/k"}}).WithDecisions([]string{"chat", "hub/Kind/ns/name"}, true, false, true, true)
	both := first.WithCopying(true, []string{"charts"}, true, []string{"PutImage=50"}).WithoutSpoke("edge")
	other := first.WithCopying(false, nil, false, nil)
	for _, c := range []struct{ got, want []string }{
		{first.Choices, []string{"--accept-broken=chat", "--accept-broken=hub/Kind/ns/name", "--keep-live", "--allow-downgrade", "--recover"}},
		{both.Choices, []string{
			"--accept-broken=chat", "--accept-broken=hub/Kind/ns/name", "--keep-live", "--allow-downgrade", "--recover",
			"--leave=charts", "--quota=PutImage=50", "--all-repositories", "--create-repository",
		}},
		{other.Choices, first.Choices},
		{first.Flags, []string{"--kubeconfig=/k"}},
		{both.Flags, []string{"--kubeconfig=/k", "--without-spoke=edge"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// The stages behind lint leave out the rules that lint left out.
func TestTargetKeepsTheRulesOfLint(t *testing.T) {
	l := &Linted{Module: &PaletteEcr{Input: &Input{Config: true}}, Report: &Report{}, Disabled: []string{"L11", "L19"}, Rendered: true}
	target, err := l.Target(nil, "", "hub", "", "5m", "2m", true, true, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"--push-wait=2m", "--prepare-spokes", "--disable=L11", "--disable=L19"}; !slices.Equal(target.Choices, want) {
		t.Errorf("chosen %q, want %q", target.Choices, want)
	}
	if want := []string{"--eks-cluster=hub", "--timeout=5m", "--spokes-from-values"}; !slices.Equal(target.Flags, want) {
		t.Errorf("reached by %q, want %q", target.Flags, want)
	}
}
