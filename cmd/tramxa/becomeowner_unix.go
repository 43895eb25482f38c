//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// isMine reports whether what info tells of belongs to this process's user.
func isMine(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

// becomeOwner gives up root's rights for those of the owner of dir: what a
// technician changes with sudo must still belong to the service afterwards.
// Others keep what they have.
func becomeOwner(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid == 0 {
		return nil
	}
	for _, step := range []func() error{
		func() error { return syscall.Setgroups([]int{int(st.Gid)}) },
		func() error { return syscall.Setgid(int(st.Gid)) },
		func() error { return syscall.Setuid(int(st.Uid)) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("act as the owner of %s: %w", dir, err)
		}
	}
	return nil
}
