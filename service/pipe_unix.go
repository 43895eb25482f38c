//go:build unix

package service

import (
	"os"
	"syscall"
)

// brokenPipe would end a program that writes to a launcher that has died, before
// it could stop cleanly.
var brokenPipe = []os.Signal{syscall.SIGPIPE}
