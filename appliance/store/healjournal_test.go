package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
	"tramxa/appliance/store"
)

// backedUp is a stopped station of several segments, with a backup of all but its
// last commands beside it and one of everything.
func backedUp(t *testing.T) (o store.Options, partly, whole string, head journal.Seq, hash journal.Hash) {
	t.Helper()
	root := quickDir(t)
	o = inRoot(root)
	o.SegmentSize = 4 << 10
	initStation(t, o)
	partly, whole = filepath.Join(root, "partly"), filepath.Join(root, "whole")
	for life := range uint64(3) {
		s := open(t, o)
		mustSave(t, s, 1, life*40+1, life*40+40)
		if err := s.Access(context.Background(), journal.Draft{Envelope: journal.Envelope{Kind: 1000, Version: 1}, Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		for at, to := range map[uint64]string{1: partly, 2: whole} {
			if at == life {
				if _, err := s.Backup(context.Background(), to); err != nil {
					t.Fatal(err)
				}
			}
		}
		head, hash = s.Head()
		closeStore(t, s)
	}
	return o, partly, whole, head, hash
}

func backupSource(t *testing.T, dir string, o store.Options) store.Source {
	t.Helper()
	b, err := store.OpenBackup(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func segments(t *testing.T, o store.Options, lane string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(o.Dir, "journal", "e1", lane, "*.txj"))
	if err != nil || len(names) < 2 {
		t.Fatal(names, err)
	}
	return names
}

// spoil overwrites a piece in the middle of a file.
func spoil(t *testing.T, name string, at, n int) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := at; i < min(at+n, len(b)); i++ {
		b[i] ^= 0x55
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

func heal(o store.Options, sources ...store.Source) ([]store.HealedLane, error) {
	return store.HealJournal(context.Background(), store.HealOptions{Options: o, Sources: sources})
}

// TestDamagedJournalIsHealedFromABackup: whatever is damaged, the journal made
// anew has the same records under the same chain, and the old one is kept.
func TestDamagedJournalIsHealedFromABackup(t *testing.T) {
	from, _, _, head, hash := backedUp(t)
	root := filepath.Dir(from.Dir)
	for name, damage := range map[string]func(*testing.T, []string){
		"a frame in the middle": func(t *testing.T, s []string) { spoil(t, s[1], int(size(t, s[1]))/2, 40) },
		"a header":              func(t *testing.T, s []string) { spoil(t, s[1], 20, 4) },
		"a seal":                func(t *testing.T, s []string) { spoil(t, s[0], int(size(t, s[0]))-60, 4) },
		"a file gone":           func(t *testing.T, s []string) { remove(t, s[2]) },
		"the first file gone":   func(t *testing.T, s []string) { remove(t, s[0]) },
		"the last frame": func(t *testing.T, s []string) {
			last := s[len(s)-1]
			spoil(t, last, int(size(t, last))-120-60, 4)
		},
		"two places": func(t *testing.T, s []string) { spoil(t, s[0], 700, 2); spoil(t, s[2], 700, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			to := quickDir(t)
			if err := os.CopyFS(to, os.DirFS(root)); err != nil {
				t.Fatal(err)
			}
			o := inRoot(to)
			o.SegmentSize = from.SegmentSize
			damage(t, segments(t, o, "lane0"))
			healed, err := heal(o, backupSource(t, filepath.Join(to, "partly"), o), backupSource(t, filepath.Join(to, "whole"), o))
			if err != nil || len(healed) != 1 {
				t.Fatalf("%+v, %v", healed, err)
			}
			h := healed[0]
			if h.Head != head || h.Hash != hash || len(h.Damage) == 0 || (h.Fetched == 0) != (name == "a seal") {
				t.Fatalf("%+v, want the end %d %v", h, head, hash)
			}
			if _, err := os.Stat(h.Aside); err != nil {
				t.Fatal(err)
			}
			s := open(t, o)
			checkWhole(t, s, 1, 120)
			mustSave(t, s, 1, 121, 125)
			closeStore(t, s)
			if healed, err := heal(o); err != nil || len(healed) != 0 {
				t.Fatalf("what is whole was healed: %+v, %v", healed, err)
			}
		})
	}
}

func size(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestAccessLogIsHealed: the other lane too.
func TestAccessLogIsHealed(t *testing.T) {
	o, _, whole, _, _ := backedUp(t)
	spoil(t, segments(t, o, "lane1")[1], 130, 4)
	healed, err := heal(o, backupSource(t, whole, o))
	if err != nil || len(healed) != 1 || healed[0].Lane != journal.LaneAccess || healed[0].Fetched != 1 {
		t.Fatalf("%+v, %v", healed, err)
	}
	checkWhole(t, open(t, o), 1, 120)
}

// TestWhatNobodyHasIsNamed: nothing is changed, and the answer says which records
// are lost.
func TestWhatNobodyHasIsNamed(t *testing.T) {
	o, partly, _, head, _ := backedUp(t)
	all := segments(t, o, "lane0")
	last := all[len(all)-1]
	spoil(t, last, int(size(t, last))-120-60, 4)
	before := tree(t, o.Dir)
	_, err := heal(o, backupSource(t, partly, o))
	var lost *store.LostError
	if !errors.As(err, &lost) || !errors.Is(err, store.ErrLost) || lost.To != head || lost.From == 0 || lost.From > head {
		t.Fatalf("%+v, %v", lost, err)
	}
	if after := tree(t, o.Dir); after != before {
		t.Fatalf("a heal that was refused left\n%s\nthere was\n%s", after, before)
	}
	if _, err := store.VerifyLane(context.Background(), o, journal.LaneRegister, nil); !errors.Is(err, journal.ErrDamaged) {
		t.Fatalf("the damage is gone: %v", err)
	}
}

// TestDamagedEndNobodyKnows: where a whole file is gone at the end, nobody can say
// what it held; only a person can accept that.
func TestDamagedEndNobodyKnows(t *testing.T) {
	o, partly, _, _, _ := backedUp(t)
	all := segments(t, o, "lane0")
	for _, name := range all[len(all)-2:] {
		remove(t, name)
	}
	for _, name := range []string{"checkpoints", "view"} {
		if err := os.RemoveAll(filepath.Join(o.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := heal(o, backupSource(t, partly, o))
	var lost *store.LostError
	if !errors.As(err, &lost) || lost.To == 0 { // the clean marker tells how many there were
		t.Fatalf("%v", err)
	}
	remove(t, filepath.Join(o.Dir, "clean.json"))
	spoil(t, all[len(all)-3], int(size(t, all[len(all)-3]))-200, 190)
	_, err = heal(o)
	if !errors.As(err, &lost) || lost.To != 0 {
		t.Fatalf("%v", err)
	}
	healed, err := store.HealJournal(context.Background(), store.HealOptions{
		Options: o, Sources: []store.Source{backupSource(t, partly, o)}, AcceptEnd: true,
	})
	if err != nil || len(healed) != 1 || healed[0].Head == 0 {
		t.Fatalf("%+v, %v", healed, err)
	}
	if r, err := open(t, o).Verify(context.Background(), nil); err != nil {
		t.Fatalf("%+v, %v", r, err)
	}
}

// TestForeignSourceIsRefused: a source of another history helps nobody.
func TestForeignSourceIsRefused(t *testing.T) {
	o, _, whole, _, _ := backedUp(t)
	name := segments(t, o, "lane0")[0]
	spoil(t, name, int(size(t, name))/2, 40)
	if _, err := heal(o, twisted{backupSource(t, whole, o)}); !errors.Is(err, journal.ErrDamaged) {
		t.Fatalf("%v", err)
	}
	if _, err := heal(o, silentSource{}); !errors.Is(err, store.ErrLost) {
		t.Fatalf("%v", err)
	}
}

// twisted gives other bodies than were written.
type twisted struct{ store.Source }

func (s twisted) Records(ctx context.Context, st journal.Stretch, fn func(journal.Record) error) error {
	return s.Source.Records(ctx, st, func(r journal.Record) error {
		r.Body = append([]byte{1}, r.Body...)
		return fn(r)
	})
}

type silentSource struct{}

func (silentSource) Records(context.Context, journal.Stretch, func(journal.Record) error) error {
	return nil
}

// tree lists files and their sizes.
func tree(t *testing.T, dir string) (out string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "lock" {
			out += name + "\n"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestHealCutAnywhere: the power goes at any write, sync or rename of a heal; a
// second one, or the next start, ends it, and no record is lost.
func TestHealCutAnywhere(t *testing.T) {
	cuts := 25
	if long() {
		cuts = 1000
	} else {
		t.Logf("%d cuts; TRAMXA_LONG=1 makes 1,000", cuts)
	}
	disk := crashfs.New(crashfs.Options{})
	o := store.Options{Dir: "station", KeyFile: "keys/station.key", FS: disk, ViewDir: filepath.Join(quickDir(t), "view"), Reserve: 1, Now: fixedNow, SegmentSize: 4 << 10}
	initStation(t, o)
	for life := range uint64(2) {
		s := open(t, o)
		mustSave(t, s, 1, life*30+1, life*30+30)
		if life == 1 {
			if _, err := s.Backup(context.Background(), "backup"); err != nil {
				t.Fatal(err)
			}
		}
		closeStore(t, s)
	}
	if err := disk.FlipBit("station/journal/e1/lane0/00000001.txj", 1000, 3); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	calls := callsOf(t, disk.Clone(), o)
	finished := 0
	for i := range cuts {
		copied := disk.Clone()
		co := o
		co.FS, co.ViewDir = copied, filepath.Join(quickDir(t), "view")
		source := backupSource(t, "backup", co)
		copied.CutAt(rng.IntN(calls) + 1)
		_, err := heal(co, source)
		copied.Crash(rng)
		if err != nil {
			finished++
		}
		if i%2 == 0 { // a start in between
			if s, err := store.Open(context.Background(), co); err == nil {
				closeStore(t, s)
			} else if !errors.Is(err, journal.ErrDamaged) {
				t.Fatalf("cut %d: a start after it: %v", i, err)
			}
		}
		if _, err := heal(co, backupSource(t, "backup", co)); err != nil {
			t.Fatalf("cut %d: the second heal: %v", i, err)
		}
		s := open(t, co)
		checkWhole(t, s, 1, 60)
		closeStore(t, s)
	}
	if finished == 0 {
		t.Fatal("no heal was cut")
	}
}

// callsOf counts the changing calls of one whole heal.
func callsOf(t *testing.T, disk *crashfs.FS, o store.Options) int {
	t.Helper()
	o.FS, o.ViewDir = disk, filepath.Join(quickDir(t), "view")
	source := backupSource(t, "backup", o)
	before := disk.Calls()
	if _, err := heal(o, source); err != nil {
		t.Fatal(err)
	}
	return disk.Calls() - before
}

// TestAnyDamageIsHealed: bits flipped, bytes overwritten, files cut short or gone,
// anywhere in the journal of a stopped station; with a whole backup at hand the
// same chain comes back, and never another.
func TestAnyDamageIsHealed(t *testing.T) {
	rounds := 40
	if long() {
		rounds = 1000
	} else {
		t.Logf("%d rounds; TRAMXA_LONG=1 makes 1,000", rounds)
	}
	from, _, _, head, hash := backedUp(t)
	rng := rand.New(rand.NewPCG(21, 22))
	damaged := 0
	for i := range rounds {
		root := quickDir(t)
		if err := os.CopyFS(root, os.DirFS(filepath.Dir(from.Dir))); err != nil {
			t.Fatal(err)
		}
		o := inRoot(root)
		o.SegmentSize = from.SegmentSize
		for range 1 + rng.IntN(3) {
			names, err := filepath.Glob(filepath.Join(o.Dir, "journal", "e1", "lane0", "*.txj"))
			if err != nil {
				t.Fatal(err)
			}
			if len(names) == 0 {
				break
			}
			name := names[rng.IntN(len(names))]
			switch n := int(size(t, name)); rng.IntN(6) {
			case 0:
				remove(t, name)
			case 1:
				if err := os.Truncate(name, int64(rng.IntN(n+1))); err != nil {
					t.Fatal(err)
				}
			case 2:
				if n > 0 {
					spoil(t, name, rng.IntN(n), 1+rng.IntN(600))
				}
			default:
				if _, err := flipBit(rng, name); err != nil {
					t.Fatal(err)
				}
			}
		}
		healed, err := store.HealJournal(context.Background(), store.HealOptions{
			Options: o, Sources: []store.Source{backupSource(t, filepath.Join(root, "whole"), o)}, AcceptEnd: true,
		})
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		damaged += len(healed)
		r, err := store.VerifyLane(context.Background(), o, journal.LaneRegister, nil)
		if err != nil || r.Head != head || r.Hash != hash {
			t.Fatalf("round %d: ends at %d, want %d: %v; healed %+v", i, r.Head, head, err, healed)
		}
	}
	if damaged < rounds/2 {
		t.Fatalf("only %d of %d rounds damaged anything", damaged, rounds)
	}
}
