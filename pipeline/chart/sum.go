package chart

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"helm.sh/helm/v3/pkg/chart"
)

// Sum returns a hash of everything that a chart makes manifests of. Two charts in development with one version differ
// in it.
func Sum(c *chart.Chart) string {
	sum := sha256.Sum256(encode(c))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// encode writes a chart in a stable order; what it is read from, such as an archive's order, is not part of it.
func encode(c *chart.Chart) []byte {
	type file struct {
		Name string
		Data []byte
	}
	content := struct {
		Name, Version    string
		Values           map[string]any
		Schema           []byte
		Templates, Files []file
		Dependencies     [][]byte
	}{Name: c.Metadata.Name, Version: c.Metadata.Version, Values: c.Values, Schema: c.Schema}
	for list, files := range map[*[]file][]*chart.File{&content.Templates: c.Templates, &content.Files: c.Files} {
		for _, f := range files {
			*list = append(*list, file{f.Name, f.Data})
		}
		slices.SortFunc(*list, func(a, b file) int {
			if a.Name < b.Name {
				return -1
			}
			return 1
		})
	}
	for _, d := range c.Dependencies() {
		content.Dependencies = append(content.Dependencies, encode(d))
	}
	slices.SortFunc(content.Dependencies, slices.Compare)
	data, err := json.Marshal(content)
	if err != nil { // values that were read from YAML can be written as JSON
		return nil
	}
	return data
}
