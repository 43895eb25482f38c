// Command mkimage builds what technicians carry: images for PCs, sticks for a
// list of communes, the files of a root update, and releases.
//
// It is a thin line over the packages images and images/pack; a developer's and
// a province's tool, not part of the product's binary.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// command is one word of the command line, a file of this package each.
type command struct {
	name, args, about string
	run               func(ctx context.Context, args []string, out io.Writer) error
}

func commands() []command {
	return []command{diskCommand(), sheetCommand(), updateCommand(), releaseCommand(), keysCommand()}
}

// errUsage is wrapped when the words were wrong, not the work.
var errUsage = errors.New("wrong use")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, out, problems io.Writer) int {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name != args[0] {
				continue
			}
			err := c.run(ctx, args[1:], out)
			if err == nil {
				return 0
			}
			fmt.Fprintf(problems, "mkimage: %v\n", err)
			if errors.Is(err, errUsage) {
				fmt.Fprintf(problems, "hint: mkimage %s %s\n", c.name, c.args)
				return 2
			}
			return 1
		}
	}
	for _, c := range commands() {
		fmt.Fprintf(problems, "mkimage %s %s\n      %s\n", c.name, c.args, c.about)
	}
	return 2
}

// words parses flags that stand before, between or after exactly n words.
func words(f *flag.FlagSet, args []string, n int) ([]string, error) {
	f.SetOutput(io.Discard)
	var list []string
	for {
		if err := f.Parse(args); err != nil {
			return nil, fmt.Errorf("%w: %v", errUsage, err)
		}
		if args = f.Args(); len(args) == 0 {
			break
		}
		list, args = append(list, args[0]), args[1:]
	}
	if len(list) != n {
		return nil, fmt.Errorf("%w: %d words are needed, not %d", errUsage, n, len(list))
	}
	return list, nil
}
