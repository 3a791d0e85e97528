package write

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/atomicfile"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Save writes each document into a file of its own, as Files names it, and returns their paths. It makes the
// directory.
func (gs Grants) Save(dir string) ([]string, error) {
	fail := func(path string, err error) error {
		return fmt.Errorf("saving policies: %w", fault.New(fault.Failed, "name a directory that can be made and written to", "writing %q: %w", path, err))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fail(dir, err)
	}
	files := gs.Files()
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		if err := atomicfile.Write(path, func(w io.Writer) error { _, err := w.Write(files[name]); return err }); err != nil {
			return paths, fail(path, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}
