package values

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/palette-ecr/palette-ecr/pipeline/atomicfile"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// WriteInPlace replaces a file's content: all of it or nothing, also when the power fails. Mode and owner
// stay. A symbolic link stays one, and what it points to is replaced. A file that changed since it was read
// isn't overwritten.
func (r *Rendered) WriteInPlace(path string) error {
	if err := r.writeInPlace(path); err != nil {
		var cause *os.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		var known *fault.Error
		if errors.As(err, &known) {
			return err
		}
		remedy := "check the file's and its directory's permissions"
		if errors.Is(err, fs.ErrNotExist) {
			remedy = "check the path"
		}
		return fault.New(fault.Failed, remedy, "writing %q: %w", path, err)
	}
	return nil
}

func (r *Rendered) writeInPlace(path string) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(target)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fault.New(fault.Usage, "leave --in-place out", "writing %q: it isn't a regular file", path)
	}
	now, err := os.ReadFile(target)
	if err != nil {
		return err
	}
	if string(now) != r.before.source() {
		return fault.New(fault.Failed, "look at the file and run the command again", "writing %q: the file changed since it was read", path)
	}
	if string(now) == string(r.Output) {
		return nil
	}
	// Refused when the file itself may not be written, as an editor would be, though renaming could do it.
	check, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := check.Close(); err != nil {
		return err
	}
	return atomicfile.Write(target, func(w io.Writer) error {
		_, err := w.Write(r.Output)
		return err
	}, atomicfile.Owner(info))
}
