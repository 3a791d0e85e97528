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
// directory. What stands in the way is refused before anything is written.
func (gs Grants) Save(dir string) ([]string, error) {
	files := gs.Files()
	if err := free(dir, slices.Sorted(maps.Keys(files))); err != nil {
		return nil, err
	}
	fail := func(path string, err error) error {
		return fmt.Errorf("saving policies: %w", fault.New(fault.Failed, "name a directory that can be made and written to", "writing %q: %w", path, err))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fail(dir, err)
	}
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

// free refuses a directory that is a file or lies below one, and file names that are taken by directories.
func free(dir string, names []string) error {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil {
			if !info.IsDir() {
				return fault.New(fault.Usage, "name a directory: it is made if it is not there", "saving policies into %q: %q is a file, not a directory", dir, at)
			}
			break
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.IsDir() {
			return fault.New(fault.Usage, "name another directory", "saving policies into %q: %q is a directory there, where a file is to be written", dir, name)
		}
	}
	return nil
}
