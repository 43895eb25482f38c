package hubcopy

import "golang.org/x/sys/unix"

// forget drops the pages of a file that the kernel keeps. It is advice: nothing
// depends on it but how much a reading back proves.
func forget(fd uintptr) { _ = unix.Fadvise(int(fd), 0, 0, unix.FADV_DONTNEED) }
