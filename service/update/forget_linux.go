package update

import (
	"tramxa/appliance/journal"

	"golang.org/x/sys/unix"
)

// forget asks the system to drop what it has in memory of a synced file, so that
// reading it again asks the disk.
func forget(f journal.File) {
	if d, ok := f.(interface{ Fd() uintptr }); ok {
		_ = unix.Fadvise(int(d.Fd()), 0, 0, unix.FADV_DONTNEED) // a wish
	}
}
