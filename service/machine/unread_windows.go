package machine

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// What Windows answers, by what it means to a technician.
var (
	errnoLate        = []syscall.Errno{windows.ERROR_SEM_TIMEOUT, windows.ERROR_TIMEOUT}
	errnoFull        = []syscall.Errno{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL}
	errnoReadOnly    = []syscall.Errno{windows.ERROR_WRITE_PROTECT}
	errnoBroken      = []syscall.Errno{windows.ERROR_IO_DEVICE, windows.ERROR_CRC, windows.ERROR_SECTOR_NOT_FOUND, windows.ERROR_GEN_FAILURE}
	errnoNoDevice    = []syscall.Errno{windows.ERROR_DEV_NOT_EXIST, windows.ERROR_DEVICE_NOT_CONNECTED, windows.ERROR_BAD_UNIT, windows.ERROR_NOT_READY}
	errnoUnsupported = []syscall.Errno{windows.ERROR_INVALID_FUNCTION}
)
