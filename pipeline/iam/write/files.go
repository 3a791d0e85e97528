package write

import (
	"maps"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Output formats of grants.
var formats = []string{"json", "terraform", "aws"}

// Output is the grants in a format: json, terraform or aws (a script of aws commands). With a document
// (policy, trust, repository-policy) it is that document of the only grant, as JSON. Errors are
// *fault.Error, Usage.
func (gs Grants) Output(format, document string) ([]byte, error) {
	switch {
	case !slices.Contains(formats, format):
		return nil, fault.New(fault.Usage, "take one of "+strings.Join(formats, ", "), "writing policies: there is no format %q", format)
	case document != "" && format != "json":
		return nil, fault.New(fault.Usage, "leave out the format, or the document", "writing policies: a single document is JSON, not %s", format)
	case document != "":
		return gs.document(document)
	case format == "terraform":
		return gs.Terraform(), nil
	case format == "aws":
		return gs.Commands(), nil
	}
	return gs.JSON(), nil
}

func (gs Grants) document(what string) ([]byte, error) {
	if len(gs) != 1 {
		return nil, fault.New(fault.Usage, "name one principal", "writing policies: a single document is asked for %d principals", len(gs))
	}
	documents := gs[0].Documents()
	if d, ok := documents[what]; ok {
		return d.JSON(), nil
	}
	names := strings.Join(slices.Sorted(maps.Keys(documents)), ", ")
	remedy := "take one of " + names
	if notes := gs.Notes(); len(notes) > 0 && what == "trust" {
		remedy = notes[0]
	}
	return nil, fault.New(fault.Usage, remedy, "writing policies: %s has no document %q (it has %s)", gs[0].Principal, what, names)
}
