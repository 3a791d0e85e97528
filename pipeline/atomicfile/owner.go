package atomicfile

import (
	"io/fs"
	"os"
	"syscall"
)

// Owner gives the new file another's owner and group, if they are not those of new files. Who may not do that gets an
// error: a file that silently changes hands isn't the same file.
func Owner(like fs.FileInfo) func(*os.File) error {
	return func(f *os.File) error {
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
		if err := f.Chown(int(want.Uid), int(want.Gid)); err != nil {
			return err
		}
		return f.Chmod(like.Mode().Perm()) // which a change of the owner may have cut down
	}
}
