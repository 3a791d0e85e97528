package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sums writes SHA256SUMS of every file in a folder.
func sums(dir string) error {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(data), entry.Name())
	}
	return write(filepath.Join(dir, "SHA256SUMS"), []byte(lines.String()))
}

// write writes a file that everybody may read: all of it is published.
func write(name string, data []byte) error {
	return os.WriteFile(name, data, 0o644) //nolint:gosec // see above
}
