package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// TestOlderCopyBesideANewerOneIsNamed: the newest copy that this version reads is
// not the newest there is, so nobody gets it without asking for it.
func TestOlderCopyBesideANewerOneIsNamed(t *testing.T) {
	stick := filepath.Join(t.TempDir(), backups.StickFolder)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(os.CopyFS(stick, os.DirFS(filepath.Join("..", "..", "appliance", "backups", "testdata", "place1"))))
	f, err := findCopy(stick, 0)
	check(err)
	b, err := store.Seal(map[string]any{"version": 2, "number": 2})
	check(err)
	check(os.WriteFile(filepath.Join(f.Path, "copies", "000002.json"), b, 0o600))
	if _, err := findCopy(stick, 0); !errors.Is(err, journal.ErrNewer) || !strings.Contains(hint(err), "--copy 1 takes the newest that this one reads, up to record 13") {
		t.Errorf("without a number: %v; hint: %s", err, hint(err))
	}
	if f, err := findCopy(stick, 1); err != nil || f.Backup.Number != 1 {
		t.Errorf("copy 1: %+v, %v", f, err)
	}
	if _, err := findCopy(stick, 2); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("the newer copy: %v", err)
	}
	// of two stations one must be named before any number makes sense
	other := filepath.Join(stick, "station-8-00000000")
	check(os.CopyFS(other, os.DirFS(f.Path)))
	for _, gone := range []string{"", "000001.json"} { // then of one the newer copy alone
		if gone != "" {
			check(os.Remove(filepath.Join(other, "copies", gone)))
		}
		if _, err := findCopy(stick, 0); err == nil || !strings.Contains(err.Error(), "more than one station") || !strings.Contains(hint(err), "station-8-00000000") {
			t.Errorf("of two stations: %v; hint: %s", err, hint(err))
		}
	}
	check(os.RemoveAll(other))
	check(os.Remove(filepath.Join(f.Path, "copies", "000001.json")))
	for _, number := range []int{0, 1, 2} {
		if _, err := findCopy(stick, number); !errors.Is(err, journal.ErrNewer) || !strings.Contains(hint(err), "nothing was changed") {
			t.Errorf("only newer ones, number %d: %v; hint: %s", number, err, hint(err))
		}
	}
}
