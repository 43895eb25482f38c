package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestKilledProofsAreSwept: what a killed proof left goes after an hour; what is
// younger, of another name, or no folder stays.
func TestKilledProofsAreSwept(t *testing.T) {
	temp, now := t.TempDir(), time.Now()
	leave := func(name string, age time.Duration) string {
		t.Helper()
		dir := filepath.Join(temp, name)
		if err := os.MkdirAll(filepath.Join(dir, "proof", "state-1"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	old, young, other := leave("tramxa-verify-1", 2*time.Hour), leave("tramxa-verify-2", 50*time.Minute), leave("tramxa-3", 2*time.Hour)
	work, done, err := verifyFolder(temp, now)
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{old: false, young: true, other: true, work: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v", dir, err)
		}
	}
	done()
	if _, err := os.Stat(work); err == nil {
		t.Errorf("%s is left", work)
	}
}
