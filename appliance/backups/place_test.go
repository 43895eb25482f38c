package backups_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// TestAPlaceOfVersion1IsRestored restores a stick that version 1 of all formats
// wrote: journal, checkpoint, copy, sealed keys. It is frozen for ever.
func TestAPlaceOfVersion1IsRestored(t *testing.T) {
	const frozen = "testdata/place1"
	if *update {
		freezePlace(t, frozen)
	}
	list, err := backups.Look(nil, frozen)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	c := list[0]
	info, err := c.Info()
	if err != nil || info.Name != "Xã Ia Grai" {
		t.Errorf("particulars %+v, %v", info, err)
	}
	if g, err := journal.ParseGenesis(info.Genesis); err != nil || g.Origin.Station != 7 {
		t.Errorf("genesis: %v", err)
	}
	b, err := c.Sealed()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := backups.OpenKeys(b, fixedCode(t))
	if err != nil {
		t.Fatal(err)
	}
	work := tempDir(t)
	file := filepath.Join(work, "station.key")
	if err := store.PutKeys(nil, file, keys); err != nil {
		t.Fatal(err)
	}
	p, err := backups.Prove(context.Background(), c, backups.ProofOptions{KeyFile: file, Work: work})
	if err != nil || p.Seq != 13 {
		t.Errorf("%+v, %v", p, err)
	}
}

func freezePlace(t *testing.T, to string) {
	t.Helper()
	w := newWorld(t, nil)
	w.record(t, 12)
	sealed, err := backups.SealKeys(w.s.Keys(), fixedCode(t), rand32{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.o.Dir, backups.SealedName), sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	w.once(t)
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(w.stick)); err != nil {
		t.Fatal(err)
	}
}

// TestAPlaceBearsOldSticks holds the names to what FAT32 and exFAT allow, and the
// folders to few files.
func TestAPlaceBearsOldSticks(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 100)
	w.once(t)
	w.record(t, 100)
	w.once(t)
	seen := map[string]bool{}
	err := filepath.WalkDir(w.stick, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := filepath.Base(name)
		if len(base) > 100 || strings.ContainsAny(base, `"*/:<>?\|`) || strings.HasSuffix(base, ".") || strings.HasSuffix(base, " ") {
			t.Errorf("%q is no name on a stick", base)
		}
		if low := strings.ToLower(name); seen[low] {
			t.Errorf("%s differs from another name by capitals only", name)
		} else {
			seen[low] = true
		}
		if !e.IsDir() && !e.Type().IsRegular() {
			t.Errorf("%s is not a plain file", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
