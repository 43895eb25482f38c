package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/population"
)

// newerStation makes a station's directory below a new folder, its keys beside it,
// and gives its genesis the version of a newer program.
func newerStation(t *testing.T) (root, dir string) {
	t.Helper()
	root = t.TempDir()
	dir = filepath.Join(root, "tramxa", "station")
	if _, err := initStation(dir, stationConfig{Reserve: 1, Key: filepath.Join(root, "tramxa-keys", "station.key")}, 7, 7, "23764"); err != nil {
		t.Fatal(err)
	}
	n, err := openStation(t.Context(), dir, newLogger(io.Discard, 0), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.addUser(t.Context(), userRequest{Login: "lan", Name: "Trần Thị Lan", Password: "mot-mat-khau"}, population.RoleHead)
	if err := errors.Join(err, n.Close()); err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob(filepath.Join(dir, "journal", "e1", "lane*", "genesis.txg"))
	if err != nil || len(all) != 2 {
		t.Fatalf("%q, %v", all, err)
	}
	for _, name := range all {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b[4]++ // the version stands behind the four letters of the format
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root, dir
}

// TestRescueNamesTheNewerProgram: of a station whose very genesis a newer program
// wrote nobody is told that its keys are missing, which lie beside it.
func TestRescueNamesTheNewerProgram(t *testing.T) {
	root, dir := newerStation(t)
	before := readAll(t, root)
	for _, c := range []struct {
		name, typed string
		words       []string
		code        int
	}{
		{"dialog: check", "1\n\n0\n", nil, exitDone},
		{"dialog: mend", "2\n1\n\n0\n", nil, exitDone},
		{"dialog: move", "3\n1\n1\n\n0\n", nil, exitDone},
		{"dialog: from the province", "4\n2\n1\n\n0\n", nil, exitDone},
		{"check", "", []string{"check", dir}, exitFailed},
		{"rebuild", "", []string{"rebuild", dir}, exitFailed},
		{"move", "", []string{"move", dir, "--dir", filepath.Join(root, "new")}, exitFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			args := append([]string{"rescue", "--base", filepath.Join(root, "pc"), "--roots", root, "--lang", "en", "--to", filepath.Join(root, "usb")}, c.words...)
			if code := run(t.Context(), args, stdio{in: strings.NewReader(c.typed), out: &out, err: &out}); code != c.code {
				t.Errorf("exit code %d", code)
			}
			t.Log(out.String())
			for _, want := range []string{"written by a newer version of the program", "newer than this version (" + version + ")"} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("does not say %q", want)
				}
			}
			for _, wrong := range []string{"key file", "keys.sealed"} {
				if strings.Contains(out.String(), wrong) {
					t.Errorf("speaks of %q", wrong)
				}
			}
		})
	}
	if after := readAll(t, root); after != before {
		t.Error("something was changed")
	}
}

// readAll is the names and bytes of all files below a folder.
func readAll(t *testing.T, root string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		all.WriteString(name + "\n" + string(b) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
