package machine

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// system is the running system's tree.
func system() tree { return tree{os.DirFS("/")} }

func look(f *Facts, dir string) {
	system().look(f, dir, time.Now())
	if dir != "" {
		var err error
		f.Disk.Free, f.Disk.Total, err = space(dir)
		f.missing("space", err)
	}
}

// space returns free and all bytes of the file system dir is on; free are those
// without privileges.
func space(dir string) (free, total uint64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, err
	}
	return st.Bavail * uint64(st.Bsize), st.Blocks * uint64(st.Bsize), nil
}
