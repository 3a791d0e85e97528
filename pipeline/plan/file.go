package plan

import (
	"bytes"
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"errors"
	"os"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Schema is the published JSON Schema (draft 2020-12) of a Document's JSON form.
//
//go:embed schema.json
var Schema []byte

// mostBytes bounds what is read: no plan is as long.
const mostBytes = 64 << 20

// hash is that of everything in the document but the hash itself.
func (d *Document) hash() string {
	without := *d
	without.Hash = ""
	return Sum(without)
}

// Encode writes the document as it is kept in a file.
func (d *Document) Encode() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(d)
	return out.Bytes(), err
}

// Read reads a document from a file. One that was changed, or is of another version, is a fault with code Usage.
func Read(path string) (*Document, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > mostBytes {
		err = errors.New("it is too long to be a plan")
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	var cause *os.PathError
	if errors.As(err, &cause) {
		err = cause.Err // the path is in the message once already
	}
	if err != nil {
		return nil, fault.New(fault.Usage, remedy, "reading the plan %q: %w", path, err)
	}
	d, err := Decode(data)
	if err != nil {
		return nil, fault.New(fault.Usage, remedy, "reading the plan %q: %w", path, err)
	}
	return d, nil
}

const remedy = "give a file that `palette-ecr plan -o plan=FILE` wrote, as it is"

// Decode reads a document that Encode wrote, and checks its hash.
func Decode(data []byte) (*Document, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	d := &Document{}
	if err := decoder.Decode(d); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("there is more in it than a plan")
	}
	if d.APIVersion != APIVersion || d.Kind != Kind {
		return nil, errors.New("it is not a plan of this version of palette-ecr")
	}
	if subtle.ConstantTimeCompare([]byte(d.Hash), []byte(d.hash())) != 1 {
		return nil, errors.New("it was changed after it was made: its hash is another one")
	}
	return d, nil
}
