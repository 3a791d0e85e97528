package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestDescriptionsAreTheSameTwice(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	var before []byte
	for range 2 {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "tool"), binary, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := describe(dir); err != nil {
			t.Fatal(err)
		}
		check := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
		check.Dir = dir
		if said, err := check.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		bill, err := os.ReadFile(filepath.Join(dir, "tool.cdx.json"))
		if err != nil {
			t.Fatal(err)
		}
		var d document
		if err := json.Unmarshal(bill, &d); err != nil || d.Format != "CycloneDX" || len(d.Components) == 0 {
			t.Fatalf("%v: %s", err, bill)
		}
		if before != nil && string(before) != string(bill) {
			t.Fatal("the second bill differs")
		}
		before = bill
	}
}

func TestWhatIsNoGoBinaryIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tool"), []byte("#!/bin/sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := describe(dir); err == nil {
		t.Error("a script has no bill of materials")
	}
}
