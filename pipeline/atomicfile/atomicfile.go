// Package atomicfile writes the user's files so that whoever reads one sees the old content or the whole new one, also
// after a crash. It exists so that this is right in one place: for values that are edited, for reports, for policies.
package atomicfile

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Write puts what write writes in the place of a file. A symbolic link is followed, a file that was there keeps its
// mode, missing folders are made, and what is not a regular file (a pipe, a device) is written to as it is. Each of
// prepare is called on the new file before it takes its place.
func Write(path string, write func(io.Writer) error, prepare ...func(*os.File) error) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() {
			return writeInto(path, write)
		}
		mode = info.Mode().Perm()
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	pending, err := renameio.NewPendingFile(path, renameio.WithTempDir(dir), renameio.WithStaticPermissions(mode))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreMissing(pending.Cleanup())) }()
	buffered := bufio.NewWriter(pending)
	if err := errors.Join(write(buffered), buffered.Flush()); err != nil {
		return err
	}
	for _, p := range prepare {
		if err := p(pending.File); err != nil {
			return err
		}
	}
	if err := pending.CloseAtomicallyReplace(); err != nil {
		return err
	}
	return syncDirectory(dir)
}

func writeInto(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// syncDirectory makes a rename last, which renameio leaves to the caller.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
