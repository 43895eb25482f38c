package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
	"tramxa/appliance/store"
)

// TestPowerCutKeepsWhatWasAnswered cuts the power at a random place of record →
// journal → checkpoint → view, starts and stops included, again and again on
// the same disk. The view's folder is kept, lost, replaced by an older copy or
// has a bit flipped meanwhile. Every answered command must be there, and the
// view must be the fold of the journal.
func TestPowerCutKeepsWhatWasAnswered(t *testing.T) {
	want := 200
	if long() {
		want = 10_000
	} else {
		t.Logf("%d cuts; TRAMXA_LONG=1 makes 10,000", want)
	}
	total := tally{found: map[string]int{}}
	for seed := uint64(1); total.cuts < want; seed++ {
		l := newLife(t, seed)
		for range 10 {
			if err := l.live(); err != nil {
				t.Fatalf("seed %d, after %d cuts, %d answered: %v", seed, l.cuts, l.answered, err)
			}
		}
		if err := l.final(); err != nil {
			t.Fatalf("seed %d, at the end: %v", seed, err)
		}
		total.add(l.tally)
		if err := os.RemoveAll(l.root); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d cuts, %d commands answered, views: %v", total.cuts, total.answers, total.found)
	for _, kind := range []string{"trusted", "no clean stop"} {
		if total.found[kind] == 0 {
			t.Errorf("no start found the view %s", kind)
		}
	}
}

// tally counts what a campaign has met.
type tally struct {
	cuts    int
	answers uint64
	found   map[string]int
}

func (t *tally) add(o tally) {
	t.cuts += o.cuts
	t.answers += o.answers
	for k, n := range o.found {
		t.found[k] += n
	}
}

// life is one station over many power cuts.
type life struct {
	tally
	rng      *rand.Rand
	disk     *crashfs.FS
	root     string
	o        store.Options
	answered uint64 // commands 1…answered of device 1 were answered
	older    string // copy of the view's folder at some earlier stop; "" none
}

func newLife(t *testing.T, seed uint64) *life {
	l := &life{rng: rand.New(rand.NewPCG(seed, 7)), disk: crashfs.New(crashfs.Options{Seed: seed}), root: quickDir(t)}
	l.found = map[string]int{}
	l.o = store.Options{
		Dir: "/station", KeyFile: "/keys/station.key", FS: l.disk, ViewDir: filepath.Join(l.root, "view"),
		Now: fixedNow, SegmentSize: 8 << 10, CheckpointEvery: 12,
	}
	initStation(t, l.o)
	return l
}

// live is one start, some commands, and an end.
func (l *life) live() error {
	switch l.rng.IntN(8) {
	case 0: // ends by itself
	case 1:
		l.disk.FailAt(1+l.rng.IntN(20), syscall.EIO, crashfs.OpSync)
	default:
		l.disk.CutAt(1 + l.rng.IntN(60))
	}
	if err := l.run(); err != nil {
		return err
	}
	l.disk.FailAt(0, nil)
	l.disk.CutAt(0) // what did not come in this life must not in the next
	if _, err := l.disk.ReadDir(l.o.Dir); err != nil || l.rng.IntN(3) > 0 {
		l.disk.Crash(l.rng)
		l.cuts++
	}
	return l.spoil()
}

func (l *life) run() error {
	s, err := store.Open(context.Background(), l.o)
	if err != nil {
		return faulty(err)
	}
	closed := false
	defer func() {
		if !closed {
			_ = s.Close() // faulty
		}
	}()
	if err := l.look(s); err != nil {
		return err
	}
	for range l.rng.IntN(30) {
		next := l.answered + 1
		if _, err := save(s, 1, next); err != nil {
			return faulty(err)
		}
		l.answered = next
		l.answers++
		if l.rng.IntN(12) == 0 {
			if err := l.side(s); err != nil {
				return faulty(err)
			}
		}
	}
	closed = true
	return faulty(s.Close())
}

// side does one of the things that happen beside saving.
func (l *life) side(s *store.Store) error {
	switch l.rng.IntN(3) {
	case 0:
		return s.Checkpoint(context.Background())
	case 1:
		head, hash := s.Head()
		return s.SetAcked(store.Cursor{Seq: head, Hash: hash, At: epochStart})
	}
	return s.Access(context.Background(), journal.Draft{Envelope: journal.Envelope{Kind: 1000, Version: 1}, Body: []byte("x")})
}

// look checks what a start has found.
func (l *life) look(s *store.Store) error {
	st := s.Status()
	kind := "trusted"
	if !st.View.Trusted {
		kind = st.View.Why[strings.LastIndex(st.View.Why, ": ")+1:] // the last cause
	}
	l.found[strings.TrimSpace(kind)]++
	if n, err := missing(s, 1, l.answered); err != nil {
		return err
	} else if n != 0 {
		return fmt.Errorf("command %d of %d answered is not there", n, l.answered)
	}
	// A command under way at the cut may be there, whole; then it is answered now.
	for {
		n, err := missing(s, 1, l.answered+1)
		if err != nil {
			return err
		}
		if n != 0 {
			break
		}
		l.answered++
	}
	if st.Applied != st.Head {
		return fmt.Errorf("view stands at %d, journal at %d", st.Applied, st.Head)
	}
	if !long() && !st.View.Trusted && l.rng.IntN(3) > 0 {
		return nil // a view just folded is compared now and then, to save time
	}
	return sameAsFold(s)
}

// sameAsFold is the part of Verify that is about the view.
func sameAsFold(s *store.Store) error {
	view, fold, err := s.CompareFold(context.Background())
	if err == nil && view != fold {
		err = errors.New("the view is not the fold of the journal")
	}
	return err
}

// spoil does to the view's folder what a power cut may do to files nobody syncs.
func (l *life) spoil() error {
	dir := l.o.ViewDir
	if l.older == "" || l.rng.IntN(4) == 0 {
		l.older = filepath.Join(l.root, "older")
		if err := os.RemoveAll(l.older); err != nil {
			return err
		}
		if _, err := os.Stat(dir); err == nil {
			return os.CopyFS(l.older, os.DirFS(dir))
		}
		l.older = ""
		return nil
	}
	switch l.rng.IntN(5) {
	case 0:
		return os.RemoveAll(dir)
	case 1:
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		return os.CopyFS(dir, os.DirFS(l.older))
	case 2:
		_, err := flipBit(l.rng, dir)
		return err
	}
	return nil
}

func (l *life) final() error {
	s, err := store.Open(context.Background(), l.o)
	if err != nil {
		return err
	}
	if err := l.look(s); err != nil {
		return errors.Join(err, s.Close())
	}
	_, err = s.Verify(context.Background(), nil)
	return errors.Join(err, s.Close())
}

// faulty lets pass what the faults of this test explain, and only that.
func faulty(err error) error {
	for _, expected := range []error{crashfs.ErrPower, crashfs.ErrDead, syscall.EIO, journal.ErrStopped} {
		if errors.Is(err, expected) {
			return nil
		}
	}
	return err
}

// flipBit flips one random bit of one random file that is not empty, in dir or
// below it.
func flipBit(rng *rand.Rand, dir string) (name string, err error) {
	var files []string
	var sizes []int64
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > 0 {
			files, sizes = append(files, path), append(sizes, info.Size())
		}
		return err
	})
	if err != nil || len(files) == 0 {
		return "", err
	}
	i := rng.IntN(len(files))
	f, err := os.OpenFile(files[i], os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var b [1]byte
	at := rng.Int64N(sizes[i])
	if _, err := f.ReadAt(b[:], at); err != nil {
		return "", err
	}
	b[0] ^= 1 << rng.IntN(8)
	_, err = f.WriteAt(b[:], at)
	return files[i], err
}
