package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tramxa/replication/replicationtest"
)

// patience bounds every waiting of a script: two elections of a hub on a machine
// that does something else at the same time. Nothing is measured by it.
const patience = 2 * time.Minute

// TestScript executes the manual: testdata/script/*.txtar are what a technician
// types, with the answers.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *golden,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ports":    cmdPorts,
			"exits":    cmdExits,
			"await":    cmdAwait,
			"leader":   cmdLeader,
			"serves":   cmdServes,
			"still":    cmdStill,
			"damage":   cmdDamage,
			"append":   cmdAppend,
			"value":    cmdValue,
			"code":     cmdCode,
			"grepcode": cmdGrepCode,
		},
	})
}

// cmdPorts puts free loopback addresses into variables: ports A B C. All are
// held while they are chosen, so that they differ.
func cmdPorts(ts *testscript.TestScript, neg bool, names []string) {
	if neg || len(names) == 0 {
		ts.Fatalf("usage: ports NAME...")
	}
	var held []net.Listener
	for _, name := range names {
		l, err := replicationtest.Listen()
		ts.Check(err)
		held = append(held, l)
		ts.Setenv(name, l.Addr().String())
	}
	for _, l := range held {
		ts.Check(l.Close())
	}
}

// cmdExits runs a program and wants this exit code: exits 3 tramxa ...
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got, err := exitOf(ts.Exec(args[1], args[2:]...))
	ts.Check(err)
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// exitOf is the exit code behind the error of exec.
func exitOf(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// cmdAwait runs a program until it succeeds and its answer matches:
// await '"waiting":0' tramxa station status --json ...
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await REGEXP PROGRAM ARGS...")
	}
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	poll(ts, func() (bool, string) {
		out, err := quietly(ts, args[1], args[2:]...)
		return err == nil && want.MatchString(out), out
	})
}

// cmdServes waits until a process started in the background has a directory open
// and answers for it. A verb that came before would open it itself.
func cmdServes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serves DIR")
	}
	poll(ts, func() (bool, string) {
		c, err := dialControl(context.Background(), ts.MkAbs(args[0]))
		return c != nil && err == nil, args[0] + " is not served"
	})
}

// cmdLeader waits until one of the hub's nodes leads and puts its directory into
// a variable: leader LEADER hub1 hub2 hub3.
func cmdLeader(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: leader NAME DIR...")
	}
	poll(ts, func() (bool, string) {
		var all string
		for _, dir := range args[1:] {
			out, err := quietly(ts, "tramxa", "hub", "status", "--json", "--dir", dir)
			if err == nil && strings.Contains(out, `"state":"leader"`) {
				ts.Setenv(args[0], dir)
				return true, ""
			}
			all += out
		}
		return false, all
	})
}

// quietly runs a program as exec does, without a word in the script's log.
func quietly(ts *testscript.TestScript, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = ts.MkAbs(".")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// poll asks five times a second.
func poll(ts *testscript.TestScript, ok func() (bool, string)) {
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		done, last := ok()
		if done {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("not so after %v; the last answer:\n%s", patience, last)
		}
	}
}

// measured are the parts of an answer that differ from run to run, and the
// number of records, which grows when a thing is taken back and done again.
var measured = regexp.MustCompile(`(?m)[0-9.]+ (s|MB)(,|$)|(Đến bản ghi: |"as_of": )[0-9]+`)

// cmdStill writes the last answer to a file with these left out, so that it can
// be compared: still FILE.
func cmdStill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: still FILE")
	}
	text := measured.ReplaceAllString(ts.ReadFile("stdout"), "$3…$1$2")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// cmdDamage flips one bit in the middle of the newest file that matches:
// damage 'station/journal/*.txj'.
func cmdDamage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage GLOB")
	}
	names, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(names) == 0 {
		ts.Fatalf("no file matches %s", args[0])
	}
	name := names[len(names)-1]
	b, err := os.ReadFile(name)
	ts.Check(err)
	if len(b) == 0 {
		ts.Fatalf("%s is empty", name)
	}
	b[len(b)/2] ^= 0x10
	ts.Check(os.WriteFile(name, b, 0o600))
}

// cmdAppend writes what a script's own files cannot hold: append FILE COUNT TEXT,
// where \n is a line end and \xff a byte that is in no UTF-8 text.
func cmdAppend(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: append FILE COUNT TEXT")
	}
	count, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := strings.NewReplacer(`\n`, "\n", `\xff`, "\xff").Replace(args[2])
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	_, err = f.WriteString(strings.Repeat(text, count))
	ts.Check(errors.Join(err, f.Close()))
}

// cmdValue puts the content of a file into a variable: value PIN hub/hub.pin.
func cmdValue(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: value NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}
