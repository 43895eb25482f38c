package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

// causes are errors as the system gives them, and what they mean.
func causes(t *testing.T) map[string][]error {
	t.Helper()
	missing := filepath.Join(t.TempDir(), "none")
	_, notThere := os.Open(missing)
	_, noTool := exec.LookPath("no-such-tool-of-tramxa")
	wrapped := func(no syscall.Errno) error {
		return fmt.Errorf("probe the disk: %w", &fs.PathError{Op: "sync", Path: "x", Err: no})
	}
	all := map[string][]error{
		"unread.norights": {fs.ErrPermission, wrapped(syscall.EACCES), wrapped(syscall.EPERM)},
		"unread.notool":   {noTool}, "unread.missing": {notThere},
		"unread.late":        {os.ErrDeadlineExceeded, context.DeadlineExceeded, errLate},
		"unread.stopped":     {context.Canceled},
		"unread.unsupported": {errors.ErrUnsupported, wrapped(syscall.ENOSYS), errNotHere},
		"unread.other":       {io.ErrUnexpectedEOF, wrapped(syscall.Errno(0))},
		"unread.clock":       {errNoTime},
		"unread.silent":      {tree{fstest.MapFS{"proc/meminfo": {}}}.memory(&Memory{})},
	}
	for key, list := range map[string][]syscall.Errno{
		"unread.late": errnoLate, "unread.full": errnoFull, "unread.readonly": errnoReadOnly, "unread.broken": errnoBroken,
		"unread.nodevice": errnoNoDevice, "unread.unsupported": errnoUnsupported,
	} {
		for _, no := range list {
			all[key] = append(all[key], wrapped(no))
		}
	}
	_, onNoDisk := mountOf(nil, "/data")
	all["unread.nodisk"] = []error{onNoDisk}
	return all
}

// TestWhatCannotBeReadIsSaid: what a technician reads is a sentence of the
// language; the system's own words stand in brackets at the end.
func TestWhatCannotBeReadIsSaid(t *testing.T) {
	for key, list := range causes(t) {
		for _, err := range list {
			var f Facts
			f.missing("disk", err)
			for _, lang := range Languages {
				blocks := LookSheet(f, Profile{}).Lines(lang)
				last := blocks[len(blocks)-1]
				if last.Title != Say(lang, "sheet.unknown", nil) || len(last.Lines) != 1 {
					t.Fatalf("%v: %+v", err, last)
				}
				want := Say(lang, "what.disk", nil) + ": " + Say(lang, key, nil) + " [" + err.Error() + "]"
				if got := last.Lines[0].Text; got != want {
					t.Errorf("%s, %v:\n got %s\nwant %s", lang, err, got, want)
				}
			}
		}
	}
}

// TestLongCauseIsCut: a page stays readable whatever the system says.
func TestLongCauseIsCut(t *testing.T) {
	var f Facts
	f.missing("board", errors.New(strings.Repeat("ạ", 5000)))
	if n := len(f.Unknown[0].Why); n > 200 {
		t.Errorf("%d bytes are kept", n)
	}
}

// whats are the names in the source of what may be missing.
func whats(t *testing.T) []string {
	t.Helper()
	pattern := regexp.MustCompile(`\.missing\("([a-z]+)"`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pattern.FindAllSubmatch(b, -1) {
			names = append(names, string(m[1]))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
