//go:build !linux

package backups

// forget does nothing here: what was just written may be read back from memory.
// The weekly proof of an older copy makes up for it.
func forget(uintptr) {}
