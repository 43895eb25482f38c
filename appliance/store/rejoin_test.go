package store_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
	"tramxa/appliance/store"
)

// past is a station of which an old backup was put back into another directory,
// and a backup of its last state, which stands for the hub.
type past struct {
	restored store.Options
	hub      string
	old      journal.Seq // head of the old backup
	head     journal.Seq // head of the last state
	hash     journal.Hash
}

func newPast(t *testing.T) past {
	t.Helper()
	root := quickDir(t)
	o := inRoot(root)
	initStation(t, o)
	s := open(t, o)
	mustSave(t, s, 1, 1, 30)
	old := filepath.Join(root, "old")
	if _, err := s.Backup(context.Background(), old); err != nil {
		t.Fatal(err)
	}
	p := past{hub: filepath.Join(root, "hub")}
	p.old, _ = s.Head()
	mustSave(t, s, 1, 31, 50)
	p.head, p.hash = s.Head()
	if _, err := s.Backup(context.Background(), p.hub); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	p.restored = o
	p.restored.Dir = filepath.Join(root, "restored")
	if _, err := store.Restore(context.Background(), old, p.restored); err != nil {
		t.Fatal(err)
	}
	return p
}

// branches returns the records of all branches a station keeps.
func branches(t *testing.T, o store.Options) (all branch) {
	t.Helper()
	list, err := store.Branches(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range list {
		if err := store.ReadBranch(context.Background(), o, b, func(r journal.Record) error { return all.take(b.Lane, r) }); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

type branch []journal.Record

func (b *branch) take(_ journal.Lane, r journal.Record) error {
	*b = append(*b, journal.Record{Seq: r.Seq, Head: bytes.Clone(r.Head), Body: bytes.Clone(r.Body)})
	return nil
}

func rejoin(t *testing.T, o store.Options, hub string) []store.RejoinedLane {
	t.Helper()
	done, err := store.Rejoin(context.Background(), store.RejoinOptions{Options: o, Hub: backupSource(t, hub, o)})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// TestRestoredStationRejoins: what the hub has comes back, and the station goes
// on after it.
func TestRestoredStationRejoins(t *testing.T) {
	p := newPast(t)
	done := rejoin(t, p.restored, p.hub)
	if len(done) != 1 || done[0].Common != p.old || done[0].Head != p.head || done[0].Taken != uint64(p.head-p.old) || done[0].Aside != "" {
		t.Fatalf("%+v", done)
	}
	s := open(t, p.restored)
	if head, hash := s.Head(); head != p.head || hash != p.hash {
		t.Fatalf("ends at %d, the hub at %d", head, p.head)
	}
	checkWhole(t, s, 1, 50)
	mustSave(t, s, 1, 51, 55)
	closeStore(t, s)
	if done := rejoin(t, p.restored, p.hub); len(done) != 0 || len(branches(t, p.restored)) != 0 {
		t.Fatalf("a station ahead of the hub was changed: %+v", done)
	}
	checkWhole(t, open(t, p.restored), 1, 55)
}

// TestBranchIsKept: what was written after the restore leaves the register, and
// can be read whole and in order afterwards.
func TestBranchIsKept(t *testing.T) {
	for name, more := range map[string]uint64{"shorter than the hub": 5, "longer than the hub": 60} {
		t.Run(name, func(t *testing.T) {
			p := newPast(t)
			s := open(t, p.restored)
			mustSave(t, s, 2, 1, more)
			head, _ := s.Head()
			var written branch
			if err := s.Journal(journal.LaneRegister).Read(context.Background(), p.old+1, func(r journal.Record) error { return written.take(0, r) }); err != nil {
				t.Fatal(err)
			}
			if err := s.Checkpoint(context.Background()); err != nil { // of the branch
				t.Fatal(err)
			}
			closeStore(t, s)

			done, b := rejoin(t, p.restored, p.hub), branches(t, p.restored)
			if len(done) != 1 || done[0].Common != p.old || done[0].Head != p.head || done[0].Branched != uint64(head-p.old) || len(b) != len(written) {
				t.Fatalf("%+v, %d of %d in the branch", done, len(b), len(written))
			}
			for i, r := range b {
				if r.Seq != written[i].Seq || !bytes.Equal(r.Body, written[i].Body) || !bytes.Equal(r.Head, written[i].Head) {
					t.Fatalf("record %d of the branch is not what was written", r.Seq)
				}
			}
			if names, err := filepath.Glob(filepath.Join(done[0].Aside, "*.txj")); err != nil || len(names) == 0 {
				t.Fatalf("the old journal is not at %s", done[0].Aside)
			}
			s = open(t, p.restored)
			if _, hash := s.Head(); hash != p.hash {
				t.Fatal("another history than the hub's")
			}
			checkWhole(t, s, 1, 50)
			if n, err := missing(s, 2, 1); err != nil || n != 1 {
				t.Fatalf("the branch is still folded: %d, %v", n, err)
			}
			mustSave(t, s, 2, 1, more) // written again
			closeStore(t, s)
			checkWhole(t, open(t, p.restored), 2, more)
		})
	}
}

// TestRejoinCutAnywhere: the power goes at any write, sync or rename; a second
// Rejoin ends it, and the branch is there once and whole.
func TestRejoinCutAnywhere(t *testing.T) {
	cuts := 25
	if long() {
		cuts = 1000
	} else {
		t.Logf("%d cuts; TRAMXA_LONG=1 makes 1,000", cuts)
	}
	disk := crashfs.New(crashfs.Options{})
	o := store.Options{Dir: "station", KeyFile: "keys/station.key", FS: disk, ViewDir: filepath.Join(quickDir(t), "view"), Reserve: 1, Now: fixedNow, SegmentSize: 4 << 10}
	initStation(t, o)
	s := open(t, o)
	mustSave(t, s, 1, 1, 15)
	if _, err := s.Backup(context.Background(), "old"); err != nil {
		t.Fatal(err)
	}
	mustSave(t, s, 1, 16, 25)
	if _, err := s.Backup(context.Background(), "hub"); err != nil {
		t.Fatal(err)
	}
	_, want := s.Head()
	closeStore(t, s)
	o.Dir, o.ViewDir = "restored", filepath.Join(quickDir(t), "view")
	if _, err := store.Restore(context.Background(), "old", o); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	mustSave(t, s, 2, 1, 5)
	closeStore(t, s)

	rng := rand.New(rand.NewPCG(7, 8))
	attempt := func(disk *crashfs.FS) (store.Options, error) {
		co := o
		co.FS, co.ViewDir = disk, filepath.Join(quickDir(t), "view")
		_, err := store.Rejoin(context.Background(), store.RejoinOptions{Options: co, Hub: backupSource(t, "hub", co)})
		return co, err
	}
	whole := disk.Clone()
	before := whole.Calls()
	if co, err := attempt(whole); err != nil || len(branches(t, co)) != 5 {
		t.Fatal(err)
	}
	calls, cut := whole.Calls()-before, 0
	for i := range cuts {
		copied := disk.Clone()
		copied.CutAt(rng.IntN(calls) + 1)
		_, err := attempt(copied)
		copied.Crash(rng)
		if err != nil {
			cut++
		}
		co, err := attempt(copied)
		if b := branches(t, co); err != nil || len(b) != 5 {
			t.Fatalf("cut %d: %d records of the branch, %v", i, len(b), err)
		}
		s := open(t, co)
		if _, hash := s.Head(); hash != want {
			t.Fatalf("cut %d: another history than the hub's", i)
		}
		checkWhole(t, s, 1, 25)
		closeStore(t, s)
	}
	if cut == 0 {
		t.Fatal("nothing was cut")
	}
}
