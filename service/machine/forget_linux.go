package machine

import (
	"os"

	"golang.org/x/sys/unix"
)

// forget drops a synced file from the system's memory, so that the next read
// comes from the disk.
func forget(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
