package values

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

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

func (r *Rendered) writeInPlace(path string) (err error) {
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
	if string(now) != r.before.onDisk() {
		return fault.New(fault.Failed, "look at the file and run the command again", "writing %q: the file changed since it was read", path)
	}
	output, err := r.Sealed()
	if err != nil || string(now) == string(output) {
		return err
	}
	// Refused when the file itself may not be written, as an editor would be, though renaming could do it.
	check, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := check.Close(); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(temp.Name())))
		}
	}()
	if err := fillFile(temp, output, info); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), target); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(target))
}

// fillFile writes a file for good, with another's mode and owner.
func fillFile(f *os.File, data []byte, like fs.FileInfo) error {
	_, err := f.Write(data)
	if err == nil {
		err = chownLike(f, like)
	}
	if err == nil {
		err = f.Chmod(like.Mode().Perm())
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// syncDirectory makes a rename last.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
