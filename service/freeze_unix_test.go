//go:build unix

package service_test

import "syscall"

// freeze stops this process as a hang does: no line of code runs any more.
func freeze() { _ = syscall.Kill(syscall.Getpid(), syscall.SIGSTOP) }

// lives says whether the process is there and is no zombie.
func lives(pid int) bool { return syscall.Kill(pid, 0) == nil }
