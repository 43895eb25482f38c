package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// Exit codes of every verb; scripts rely on them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitWrongUse    = 2
	exitRefused     = 3 // refused by a rule
	exitUnreachable = 4
	exitRestart     = 75 // of the supervised process: start it again
)

var errHelp = errors.New("help shown")

// coded is an error that knows its exit code and may carry a hint: what to do.
type coded struct {
	err  error
	code int
	hint string
}

func (e *coded) Error() string { return e.err.Error() }
func (e *coded) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &coded{err: fmt.Errorf(format, args...), code: exitWrongUse}
}

func refusedf(format string, args ...any) error {
	return &coded{err: fmt.Errorf(format, args...), code: exitRefused}
}

func unreachable(err error, hint string) error {
	return &coded{err: err, code: exitUnreachable, hint: hint}
}

func withHint(err error, hint string) error {
	return &coded{err: err, code: exitCode(err), hint: hint}
}

func exitCode(err error) int {
	var c *coded
	if errors.As(err, &c) {
		return c.code
	}
	if errors.Is(err, errRestart) {
		return exitRestart
	}
	return exitFailed
}

func hint(err error) string {
	var c *coded
	if errors.As(err, &c) {
		return c.hint
	}
	return ""
}

// flags is a flag set of one verb whose errors are wrong use, not a crash.
type flags struct {
	*flag.FlagSet
	io stdio
}

func newFlags(name string, std stdio) *flags {
	fs := flag.NewFlagSet("tramxa "+name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // parse says it once, as every other error is said
	return &flags{FlagSet: fs, io: std}
}

// given says whether a flag stands on the command line.
func (f *flags) given(name string) (is bool) {
	f.Visit(func(g *flag.Flag) { is = is || g.Name == name })
	return is
}

// parse reads args and demands exactly n words after the flags; n < 0 leaves
// the number to the verb. Flags may stand before and after the words.
func (f *flags) parse(args []string, n int) ([]string, error) {
	var words []string
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				f.SetOutput(f.io.out)
				f.Usage()
				return nil, errHelp
			}
			return nil, &coded{err: err, code: exitWrongUse, hint: "'" + f.Name() + " --help' lists the flags"}
		}
		if f.NArg() == 0 {
			break
		}
		words = append(words, f.Arg(0))
		args = f.Args()[1:]
	}
	if n >= 0 && len(words) != n {
		return nil, usagef("%s takes %d words beside its flags, %d given", strings.TrimPrefix(f.Name(), "tramxa "), n, len(words))
	}
	return words, nil
}
