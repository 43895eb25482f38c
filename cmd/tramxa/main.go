// Command tramxa is the commune station and the province hub in one program.
//
// One verb, one file. This package alone knows flags, the configuration file
// and exit codes; libraries take Options. The outer contract (verbs, exit
// codes, --json) is what scripts and technicians rely on: it changes only with
// a note in the changelog.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// stdio is where a verb reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// verb is one word of the command line: either a leaf that runs, or a word
// with further words below it.
type verb struct {
	name  string
	args  string // shown in the usage
	about string
	run   func(ctx context.Context, args []string, io stdio) error
	sub   []verb
}

// verbs is the whole command line.
func verbs() []verb {
	return []verb{
		demoVerb(),
		stationVerb(),
		hubVerb(),
		backupVerb(),
		restoreVerb(),
		doctorVerb(),
		rescueVerb(),
		serviceVerb(),
		updateVerb(),
		machineVerb(),
		versionVerb(),
	}
}

// run finds the verb, runs it and turns its error into a sentence and an exit
// code.
func run(ctx context.Context, args []string, io stdio) int {
	err := dispatch(ctx, "tramxa", verbs(), args, io)
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errHelp) {
		return exitDone
	}
	fmt.Fprintf(io.err, "tramxa: %v\n", err)
	if h := hint(err); h != "" {
		fmt.Fprintf(io.err, "hint: %s\n", h)
	}
	return exitCode(err)
}

func dispatch(ctx context.Context, path string, vs []verb, args []string, io stdio) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(io.out, path, vs)
		if len(args) == 0 {
			return usagef("which verb? see the list above")
		}
		return errHelp
	}
	for _, v := range vs {
		if v.name != args[0] {
			continue
		}
		if v.sub != nil {
			return dispatch(ctx, path+" "+v.name, v.sub, args[1:], io)
		}
		return v.run(ctx, args[1:], io)
	}
	return usagef("unknown verb %q after %q; '%s help' lists them", args[0], path, path)
}

func usage(w io.Writer, path string, vs []verb) {
	for _, v := range vs {
		if v.sub != nil {
			usage(w, path+" "+v.name, v.sub)
			continue
		}
		line := path + " " + v.name
		if v.args != "" {
			line += " " + v.args
		}
		fmt.Fprintf(w, "%s\n      %s\n", line, v.about)
	}
}
