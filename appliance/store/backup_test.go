package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

func TestARestoredBackupIsTheStation(t *testing.T) {
	root, want := template(t)
	o := inRoot(root)
	s := open(t, o)
	to := filepath.Join(root, "backup")
	m, err := s.Backup(context.Background(), to)
	if err != nil {
		t.Fatal(err)
	}
	head, chain := s.Head()
	if m.Seq != head || journal.Hash(m.Chain) != chain || m.Unit != "23764" {
		t.Errorf("manifest %+v", m)
	}
	mustSave(t, s, 1, flipCommands+1, flipCommands+5) // after the backup: not in it
	closeStore(t, s)

	second := o
	second.Dir = filepath.Join(root, "second", "station")
	if _, err := store.Restore(context.Background(), to, second); err != nil {
		t.Fatal(err)
	}
	s = open(t, second)
	if hashOf(t, s) != want {
		t.Error("the register is not what it was")
	}
	if c := s.Acked(); c.Seq != head-5 {
		t.Errorf("cursor %+v", c)
	}
	if h, _ := s.Journal(journal.LaneAccess).Head(); h != 4 {
		t.Errorf("access log ends at %d", h)
	}
	checkWhole(t, s, 1, flipCommands)
	mustSave(t, s, 1, flipCommands+1, flipCommands+2)

	_, err = store.Restore(context.Background(), to, o)
	if err == nil {
		t.Error("restored over a station")
	}
}

// whileClerksSave runs fn while three clerks save without pause.
func whileClerksSave(t *testing.T, s *store.Store, fn func()) {
	t.Helper()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(stop)
	for dev := uint32(1); dev <= 3; dev++ {
		wg.Go(func() {
			for n := uint64(1); ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := save(s, dev, n); err != nil {
					t.Errorf("save %d:%d: %v", dev, n, err)
					return
				}
			}
		})
	}
	fn()
}

func TestABackupIsTakenWhileClerksSave(t *testing.T) {
	o := onDisk(t)
	o.SegmentSize = 8 << 10
	s := open(t, o)
	mustSave(t, s, 9, 1, 30)
	whileClerksSave(t, s, func() {
		for i := range 3 {
			to := filepath.Join(t.TempDir(), "backup")
			m, err := s.Backup(context.Background(), to)
			if err != nil {
				t.Errorf("backup %d: %v", i, err)
				return
			}
			second := o
			second.Dir = filepath.Join(t.TempDir(), "station")
			if _, err := store.Restore(context.Background(), to, second); err != nil {
				t.Errorf("restore %d: %v", i, err)
				return
			}
			r := open(t, second)
			if head, _ := r.Head(); head != m.Seq {
				t.Errorf("restored to %d, the manifest says %d", head, m.Seq)
			}
			checkWhole(t, r, 9, 30)
			closeStore(t, r)
		}
	})
}

func TestNothingIsFoundWrongWhileClerksSave(t *testing.T) {
	root := quickDir(t)
	o := inRoot(root)
	o.CheckpointEvery = 50
	initStation(t, o)
	s := open(t, o)
	mustSave(t, s, 9, 1, 30)
	whileClerksSave(t, s, func() {
		for i := range 4 {
			if r, err := s.Verify(context.Background(), nil); err != nil {
				t.Errorf("verify %d: %+v: %v", i, r, err)
				return
			}
		}
	})
}

func TestADamagedBackupIsNotRestored(t *testing.T) {
	root, _ := template(t)
	o := inRoot(root)
	s := open(t, o)
	to := filepath.Join(root, "backup")
	if _, err := s.Backup(context.Background(), to); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	rng := rand.New(rand.NewPCG(5, 6))
	for range 30 {
		bad := quickDir(t)
		if err := os.CopyFS(bad, os.DirFS(to)); err != nil {
			t.Fatal(err)
		}
		name, err := flipBit(rng, bad)
		if err != nil {
			t.Fatal(err)
		}
		second := o
		second.Dir = filepath.Join(quickDir(t), "station")
		_, err = store.Restore(context.Background(), bad, second)
		wantError(t, err, store.ErrBadBackup)
		if _, err := os.Stat(second.Dir); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("%s: something was restored: %v", name, err)
		}
	}
	if err := os.Remove(filepath.Join(to, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	second := o
	second.Dir = filepath.Join(root, "third")
	_, err := store.Restore(context.Background(), to, second)
	wantError(t, err, store.ErrBadBackup)
}

func TestAnInterruptedRestoreIsNoStation(t *testing.T) {
	root, _ := template(t)
	o := inRoot(root)
	s := open(t, o)
	to := filepath.Join(root, "backup")
	if _, err := s.Backup(context.Background(), to); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	second := o
	second.Dir = filepath.Join(root, "second")
	second.Progress = func(store.Progress) { cancel() }
	_, err := store.Restore(ctx, to, second)
	wantError(t, err, context.Canceled)
	// Its files are there, and a restart completes what was begun.
	second.Progress = nil
	checkWhole(t, open(t, second), 1, flipCommands)
}
