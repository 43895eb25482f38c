package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// golden writes the expected answers in the scripts anew.
var golden = flag.Bool("update", false, "write the golden parts of testdata/script anew")

// TestMain makes the test binary be tramxa itself where a script runs it: the
// same main, in a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(unconfigured{m}, map[string]func(){"tramxa": main})
}

// unconfigured runs the tests without the variables by which the machine's owner
// configures a station of his own.
type unconfigured struct{ *testing.M }

func (m unconfigured) Run() int {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "TRAMXA_") && name != "TRAMXA_LONG" && name != "TRAMXA_CI" && name != "TRAMXA_WINE_ROOT" {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	defer func() { // os.RemoveAll of "" does nothing
		if err := os.RemoveAll(builtIn); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	return m.M.Run()
}

// long says whether the long campaigns run.
func long() bool { return os.Getenv("TRAMXA_LONG") != "" }
