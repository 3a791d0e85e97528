//go:build unix

package values

import (
	"io/fs"
	"os"
	"syscall"
)

// chownLike gives a file another's owner and group if they aren't those of new files. Who may not do that
// gets an error: a file that silently changes hands isn't the same file.
func chownLike(f *os.File, like fs.FileInfo) error {
	want, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if have, ok := info.Sys().(*syscall.Stat_t); ok && have.Uid == want.Uid && have.Gid == want.Gid {
		return nil
	}
	return f.Chown(int(want.Uid), int(want.Gid))
}
