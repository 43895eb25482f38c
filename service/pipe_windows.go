package service

import (
	"os"
	"syscall"
)

// brokenPipe is no signal that Windows sends; the list must not be empty, since
// that would mean all signals.
var brokenPipe = []os.Signal{syscall.SIGPIPE}
