// Command fieldsim measures replication with invented communes: what the wire
// costs, beside a plain peer, in one run.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fieldsim:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	verb := ""
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	switch verb {
	case "book":
		return book(args, stdout)
	case "wire":
		return wire(args, stdout)
	case "dictionary":
		return dictionary(args, stdout)
	}
	return fmt.Errorf("unknown verb %q: there are wire and dictionary", verb)
}
