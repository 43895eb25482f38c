//go:build !windows

package machine

import "syscall"

// What a Unix answers, by what it means to a technician.
var (
	errnoLate        = []syscall.Errno{syscall.ETIMEDOUT}
	errnoFull        = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT}
	errnoReadOnly    = []syscall.Errno{syscall.EROFS}
	errnoBroken      = []syscall.Errno{syscall.EIO}
	errnoNoDevice    = []syscall.Errno{syscall.ENXIO, syscall.ENODEV}
	errnoUnsupported = []syscall.Errno{syscall.ENOTTY}
)
