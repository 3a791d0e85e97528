package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// CheckOutputs checks, before any work is done, that every file can be written, is none of the inputs, and is not
// written twice. It leaves nothing behind. A file that can't be written is a fault with code Usage.
func CheckOutputs(outputs []Output, inputs ...string) error {
	for i, out := range outputs {
		if out.File == "" {
			continue
		}
		for _, input := range inputs {
			if input != "" && input != "-" && sameFile(out.File, input) {
				return fault.New(fault.Usage, "give the report a file of its own",
					"writing the report to %q: it is an input, %q", out.File, input)
			}
		}
		for _, other := range outputs[:i] {
			if other.File != "" && sameFile(out.File, other.File) {
				return fault.New(fault.Usage, "give each format its own file",
					"writing the report to %q: it is the same file as %q, which carries %s", out.File, other.File, other.Format)
			}
		}
		if err := checkFile(out.File); err != nil {
			return fault.New(fault.Usage, "name a file in a directory that you may write to, as in "+out.Format+"=report/"+out.Format,
				"writing the report to %q: %w", out.File, err)
		}
	}
	return nil
}

// sameFile reports whether two paths lead to one file, also by links; a file that isn't there yet counts by its path.
func sameFile(a, b string) bool {
	one, errA := os.Stat(a)
	other, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(one, other)
	}
	return errA != nil && errB != nil && resolved(a) == resolved(b)
}

// mostLinks is how many links that lead nowhere yet are followed: as many as Linux follows (path_resolution(7)).
const mostLinks = 40

// resolved returns the absolute path of a file that isn't there, with the links in its directory, and itself, followed.
func resolved(path string) string {
	for range mostLinks {
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return filepath.Clean(path)
	}
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved
	}
	return filepath.Join(dir, filepath.Base(path))
}

// checkFile reports why atomicfile.Write would not be able to write a file.
func checkFile(path string) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a directory")
	case err == nil && !info.Mode().IsRegular():
		return nil // a pipe or a device: opening it may wait, or mean something
	}
	dir := filepath.Dir(path)
	for {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return &fs.PathError{Op: "open", Path: dir, Err: errors.New("it is not a directory")}
		}
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return err
		}
		dir = filepath.Dir(dir) // it will be made
	}
	probe, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
