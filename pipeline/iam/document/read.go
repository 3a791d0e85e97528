package document

import (
	"io"
	"os"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Read reads the policy document in a file; see Load and Parse.
func Read(path string, stdin io.Reader) (Document, error) {
	data, err := Load(path, stdin)
	if err != nil {
		return Document{}, err
	}
	return Parse(path, data)
}

// Load reads a file that holds a policy document; "-" is standard input, of which no more is read than a
// policy can have. Errors are *fault.Error, Usage.
func Load(path string, stdin io.Reader) ([]byte, error) {
	in := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, unreadable(path, err)
		}
		defer file.Close() //nolint:errcheck // it was only read
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxDocument+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return data, nil
}

func unreadable(path string, err error) error {
	return fault.New(fault.Usage, "name a file that exists and can be read", "reading policy document %q: %w", path, err)
}
