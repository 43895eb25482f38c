package guest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestClockRequestIsReadStrictly: what lies there was written by the station's
// user; no link, no pipe, nothing of yesterday.
func TestClockRequestIsReadStrictly(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		lay  func(file string) error
		want bool
	}{
		"fresh": {func(f string) error { return os.WriteFile(f, ClockRequest(now), 0o600) }, true},
		"of the life before": {func(f string) error {
			return errors.Join(os.WriteFile(f, ClockRequest(now), 0o600), os.Chtimes(f, now.Add(-time.Hour), now.Add(-time.Hour)))
		}, false},
		"folder": {func(f string) error { return os.MkdirAll(filepath.Join(f, "x"), 0o700) }, false},
		"pipe":   {func(f string) error { return unix.Mkfifo(f, 0o600) }, false},
		"link": {func(f string) error {
			return errors.Join(os.WriteFile(f+".other", ClockRequest(now), 0o600), os.Symlink(filepath.Base(f)+".other", f))
		}, false},
	} {
		dir := t.TempDir()
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		if err := c.lay(filepath.Join(dir, ClockFile)); err != nil {
			t.Fatal(err)
		}
		at, err := readClockRequest(root)
		if (err == nil) != c.want || c.want && at.Sub(now).Abs() > time.Minute {
			t.Errorf("%s: %v, %v", name, at, err)
		}
		if c.want {
			continue
		}
		// A station that is founded sets nothing, and what lay there is gone.
		if err := SetClock(root, true); err == nil {
			t.Errorf("%s: the clock was set", name)
		}
		if _, err := root.Lstat(ClockFile); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the request is still there: %v", name, err)
		}
	}
}
