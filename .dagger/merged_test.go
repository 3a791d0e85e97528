package main

import (
	"slices"
	"testing"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// The user's file is the last and the one that is edited; each object has a place of its own.
func TestWhatIsMergedIsNamed(t *testing.T) {
	m := &PaletteEcr{Input: &Input{Flag: "--values", Path: "deploy/prod.yaml", Base: []string{"base.yaml"}}}
	m, err := m.WithValuesFrom("ConfigMap/base", &dagger.File{}, nil)
	if err == nil {
		m, err = m.WithValuesFrom("Secret/login", nil, &dagger.Secret{})
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Input.args()
	want := []string{
		"--values=base.yaml", "--values=deploy/prod.yaml", "--edit=deploy/prod.yaml",
		"--values-from=ConfigMap/base=/run/values-from/0.yaml", "--values-from=Secret/login=/run/values-from/1.yaml",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := m.WithValuesFrom("Secret/login", &dagger.File{}, &dagger.Secret{}); err == nil {
		t.Error("a file and a Secret were both taken")
	}
}
