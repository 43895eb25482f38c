package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/store"
)

// filesOf is every file below dir but the lock, with the hash of its bytes.
func filesOf(t *testing.T, dir string) string {
	t.Helper()
	var list string
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "lock" {
			return err
		}
		b, err := os.ReadFile(name)
		list += fmt.Sprintf("%s %x\n", name, sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// newest is the newest checkpoint file of a station.
func newest(t *testing.T, o store.Options) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(o.Dir, "checkpoints", "*.txc"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	return names[len(names)-1]
}

// later makes a station as a program of a later fold leaves it, and a backup by
// that program; with a record that only that program knows, or without.
func later(t *testing.T, unknown bool) (o store.Options, backup string, hash journal.Hash) {
	t.Helper()
	o = onDisk(t)
	s := open(t, o)
	mustSave(t, s, 1, 1, 20)
	if unknown {
		_, err := s.Update(context.Background(), func(tx *store.Tx) error {
			d, err := draft(tx.Mint(), population.Unknown{Of: population.KindBirth, Version: population.Version + 1, Body: []byte("later")}, 1, 21)
			if err != nil {
				return err
			}
			_, err = tx.Add(d)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		mustSave(t, s, 1, 22, 25)
	}
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := store.RefoldedBy(newest(t, o), s.Keys().Data, register.FoldVersion+1); err != nil {
		t.Fatal(err)
	}
	backup = filepath.Join(filepath.Dir(o.Dir), "backup")
	if _, err := s.Backup(context.Background(), backup); err != nil {
		t.Fatal(err)
	}
	hash = hashOf(t, s)
	closeStore(t, s)
	return o, backup, hash
}

// TestWhatANewerProgramWroteIsRefused: its records would be missing from the book,
// and the serials in them be given to other persons.
func TestWhatANewerProgramWroteIsRefused(t *testing.T) {
	o, backup, _ := later(t, true)
	before := filesOf(t, o.Dir)
	if _, err := store.Open(context.Background(), o); !errors.Is(err, journal.ErrNewer) {
		t.Fatalf("opened: %v", err)
	}
	if after := filesOf(t, o.Dir); after != before {
		t.Errorf("the station was changed:\n%s\nit was\n%s", after, before)
	}
	keys, err := store.ReadKeys(journal.OS, o.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.VerifyBackup(context.Background(), nil, backup, keys); !errors.Is(err, journal.ErrNewer) || errors.Is(err, store.ErrBadBackup) {
		t.Errorf("verified: %v", err)
	}
	second := o
	second.Dir = filepath.Join(filepath.Dir(o.Dir), "second")
	if _, err := store.Restore(context.Background(), backup, second); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("restored: %v", err)
	}
	if _, err := os.Stat(second.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}

	// No checkpoint tells of it: the fold does.
	for _, name := range []string{"view", "checkpoints", "clean.json"} {
		if err := os.RemoveAll(filepath.Join(o.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := store.Open(context.Background(), o); !errors.Is(err, journal.ErrNewer) {
			t.Fatalf("opened without a checkpoint: %v", err)
		}
	}
}

// TestALaterFoldOfKnownRecordsIsTaken: a newer program that wrote nothing new was
// here and is gone again, as when an update is left.
func TestALaterFoldOfKnownRecordsIsTaken(t *testing.T) {
	o, backup, want := later(t, false)
	second := o
	second.Dir = filepath.Join(filepath.Dir(o.Dir), "second")
	if _, err := store.Restore(context.Background(), backup, second); err != nil {
		t.Fatal(err)
	}
	for _, o := range []store.Options{o, second} {
		s := open(t, o)
		if hashOf(t, s) != want {
			t.Errorf("%s: another register", o.Dir)
		}
		mustSave(t, s, 1, 21, 22)
		closeStore(t, s)
	}
}
