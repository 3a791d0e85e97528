package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestABillNamesTheModules(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	bill, err := billOf(self)
	require.NoError(t, err)
	var d document
	require.NoError(t, json.Unmarshal(bill, &d))
	assert.Equal(t, "CycloneDX", d.Format)
	var names []string
	for _, c := range d.Components {
		names = append(names, c.Name)
	}
	assert.Subset(t, names, []string{"std", "github.com/google/go-containerregistry"})
}

func TestWhatIsNoGoBinaryIsAnError(t *testing.T) {
	script := filepath.Join(t.TempDir(), "tool")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh"), 0o755))
	_, err := billOf(script)
	assert.Error(t, err, "a script has no bill of materials")
}
