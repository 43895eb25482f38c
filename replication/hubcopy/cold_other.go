//go:build !linux

package hubcopy

// forget does nothing here: what was just written may be read back from memory.
func forget(uintptr) {}
