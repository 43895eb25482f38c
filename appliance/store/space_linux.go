package store

import "golang.org/x/sys/unix"

// diskSize returns the bytes of the file system dir is on.
func diskSize(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return st.Blocks * uint64(st.Bsize), nil
}
