//go:build unix

package main

import (
	"os"
	"syscall"
)

// sameDevice reports whether two paths lie in one file system; false when that
// cannot be told.
func sameDevice(a, b string) bool {
	device := func(name string) (any, bool) {
		info, err := os.Stat(name)
		if err != nil {
			return nil, false
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return nil, false
		}
		return st.Dev, true
	}
	x, ok := device(a)
	y, ok2 := device(b)
	return ok && ok2 && x == y
}
