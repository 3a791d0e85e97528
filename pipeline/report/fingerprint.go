package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// fingerprints returns a name for each finding that stays when lines move: a hash of its rule, where it is by YAML
// path (or, without one, by the text of its line) and object, and which of several alike it is.
func fingerprints(findings []Finding, o Options) []string {
	seen := make(map[string]int, len(findings))
	prints := make([]string, len(findings))
	for i, f := range findings {
		where := f.Place.Path
		if where == "" {
			where = strings.Join(strings.Fields(f.Snippet), " ")
		}
		file := f.Place.File
		if f.Place.inFile() {
			file = o.repositoryPath(file)
		}
		key := strings.Join([]string{f.Rule, file, where, f.Place.Cluster, f.Place.Object}, "\x00")
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, seen[key]))
		seen[key]++
		prints[i] = hex.EncodeToString(sum[:16])
	}
	return prints
}
