package machine

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"syscall"
)

// Why something cannot be read, beside what the system itself says.
var (
	errSilent = errors.New("the system does not say")
	errNoDisk = errors.New("no disk of this machine")
	errNoTime = errors.New("the clock on the board does not answer")
	// errNotHere: nothing of this package is known to work here.
	errNotHere = errors.New("this system is not one that tramxa is shipped for")
)

// unread is the key of the sentence that says to a technician why something could
// not be read. The order matters: what is narrower comes first.
func unread(err error) string {
	is := func(causes ...error) bool {
		return slices.ContainsFunc(causes, func(c error) bool { return errors.Is(err, c) })
	}
	var no syscall.Errno
	errors.As(err, &no)
	for _, c := range []struct {
		is  bool
		key string
	}{
		{is(fs.ErrPermission), "unread.norights"},
		{is(exec.ErrNotFound), "unread.notool"},
		{is(os.ErrDeadlineExceeded, context.DeadlineExceeded, errLate) || slices.Contains(errnoLate, no), "unread.late"},
		{is(context.Canceled), "unread.stopped"},
		{slices.Contains(errnoFull, no), "unread.full"},
		{slices.Contains(errnoReadOnly, no), "unread.readonly"},
		{slices.Contains(errnoBroken, no), "unread.broken"},
		{slices.Contains(errnoNoDevice, no), "unread.nodevice"},
		{is(errors.ErrUnsupported, errNotHere) || slices.Contains(errnoUnsupported, no), "unread.unsupported"},
		{is(fs.ErrNotExist), "unread.missing"},
		{is(errNoDisk), "unread.nodisk"},
		{is(errNoTime), "unread.clock"},
		{is(errSilent), "unread.silent"},
	} {
		if c.is {
			return c.key
		}
	}
	return "unread.other"
}
