//go:build darwin || freebsd

package journal

import (
	"os"

	"golang.org/x/sys/unix"
)

func allocate(f *os.File, off, n int64) error { return writeZeros(f, off, n) }

func freeBytes(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil
}
