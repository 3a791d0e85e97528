package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Schema is the published JSON Schema (draft 2020-12) of a Report's JSON form.
//
//go:embed schema.json
var Schema []byte

func writeJSON(w io.Writer, r *Report, _ Options) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// Read reads a report that was written as JSON, so that it can be written again in another format. Input of
// another kind or version, or with unknown fields, is a fault with code Usage.
func Read(in io.Reader) (*Report, error) {
	var r Report
	dec := json.NewDecoder(in)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return nil, fault.New(fault.Usage, "give a file that palette-ecr wrote with -o json=FILE", "reading a report: %w", err)
	}
	if r.APIVersion != APIVersion || r.Kind != Kind {
		return nil, fault.New(fault.Usage, "give a file that palette-ecr wrote with -o json=FILE",
			"reading a report: %s", fmt.Sprintf("apiVersion %q and kind %q are not %q and %q", r.APIVersion, r.Kind, APIVersion, Kind))
	}
	return &r, nil
}
