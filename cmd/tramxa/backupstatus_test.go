package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/backups"
)

// TestStatusTellsOfTheCopies makes real copies and reads what 'station status'
// says of them, also when the process that made them is gone.
func TestStatusTellsOfTheCopies(t *testing.T) {
	root := t.TempDir()
	dir, place := filepath.Join(root, "station"), filepath.Join(root, "stick", backups.StickFolder)
	if _, err := initStation(dir, stationConfig{Listen: defaultPage, Reserve: 1}, 7, 0, "23764"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(place, 0o700); err != nil {
		t.Fatal(err)
	}
	said := func() string {
		n, err := openStation(t.Context(), dir, newLogger(nil, 0), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		var b bytes.Buffer
		n.backupState(n.Status().Now).show(&b)
		return b.String()
	}
	if got := said(); got != "backup: none yet\n" {
		t.Errorf("before the first: %q", got)
	}
	copyOnce := func(kind backups.Kind) error {
		n, err := openStation(t.Context(), dir, newLogger(nil, 0), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		b, err := backups.New(backups.Options{Station: n.Store(), KeyFile: n.config.Key, Info: n.backupInfo, Home: filepath.Join(dir, "backups"), Reserve: 1,
			Targets: func() []backups.Target { return []backups.Target{{Dir: place, Kind: kind}} }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Once(t.Context())
		return err
	}
	if err := copyOnce(backups.Local); err != nil {
		t.Fatal(err)
	}
	if got := said(); !strings.Contains(got, "proven: restored") || !strings.Contains(got, "a dead disk takes all") {
		t.Errorf("a copy on the same disk: %q", got)
	}
	if err := copyOnce(backups.Stick); err != nil {
		t.Fatal(err)
	}
	if got := said(); !strings.Contains(got, "(0 h old)") || strings.Contains(got, "dead disk") || strings.Contains(got, "problem") {
		t.Errorf("a copy on a stick: %q", got)
	}
	if err := os.RemoveAll(filepath.Dir(place)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Dir(place), nil, 0o600); err != nil { // nothing can be written there
		t.Fatal(err)
	}
	if err := copyOnce(backups.Stick); err == nil {
		t.Error("a place that is a file took a copy")
	}
	if got := said(); !strings.Contains(got, "backup problem: "+place) {
		t.Errorf("after a failure: %q", got)
	}
}
