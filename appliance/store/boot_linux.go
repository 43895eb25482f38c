package store

import (
	"os"
	"strings"
)

// survivesReboot says that files badger has closed are on the disk: its Close
// flushes with msync and fsync, which are real here.
const survivesReboot = true

// bootID names the running boot of the system; "" when it cannot be told.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
