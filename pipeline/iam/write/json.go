package write

import (
	"bytes"
	"encoding/json"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
)

// documents of one principal, in the order in which people use them.
type documents struct {
	Policy     document.Document  `json:"policy"`
	Trust      *document.Document `json:"trust,omitempty"`
	Repository *document.Document `json:"repository-policy,omitempty"`
}

// JSON returns one object: the documents by principal and by what they are.
func (gs Grants) JSON() []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for i, g := range gs {
		out.WriteByte(map[bool]byte{true: '{', false: ','}[i == 0])
		// Nothing in it fails to encode: it is strings only.
		_ = encoder.Encode(g.Principal)
		out.WriteByte(':')
		_ = encoder.Encode(documents{g.Policy, g.Trust, g.Repository})
	}
	out.WriteByte('}')
	var indented bytes.Buffer
	_ = json.Indent(&indented, out.Bytes(), "", "  ")
	indented.WriteByte('\n')
	return indented.Bytes()
}
