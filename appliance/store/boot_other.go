//go:build !linux

package store

// survivesReboot is false: badger's msync and directory sync do nothing on
// Windows, and are unproven elsewhere.
const survivesReboot = false

// bootID names the running boot of the system. There is no id to be had here
// that is sure to change with a boot, so the view is never trusted and every
// start loads the checkpoint of the last clean stop.
func bootID() string { return "" }
