package backups_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// pulled is a file system from which a stick is pulled: after so many calls that
// change something below its folder, nothing there answers any more.
type pulled struct {
	journal.FS
	stick string
	left  atomic.Int64
	calls atomic.Int64
}

func (p *pulled) gone(name string, change bool) error {
	if !strings.HasPrefix(name, p.stick) {
		return nil
	}
	if change {
		p.calls.Add(1)
		if p.left.Add(-1) == -1 {
			return syscall.EIO
		}
	}
	if p.left.Load() < 0 {
		return syscall.EIO
	}
	return nil
}

func (p *pulled) OpenFile(name string, flag int, perm fs.FileMode) (journal.File, error) {
	if err := p.gone(name, flag != os.O_RDONLY); err != nil {
		return nil, err
	}
	f, err := p.FS.OpenFile(name, flag, perm)
	return pulledFile{f, p, name}, err
}
func (p *pulled) ReadDir(dir string) ([]string, error) {
	if err := p.gone(dir, false); err != nil {
		return nil, err
	}
	return p.FS.ReadDir(dir)
}
func (p *pulled) Rename(a, b string) error {
	if err := p.gone(a, true); err != nil {
		return err
	}
	return p.FS.Rename(a, b)
}
func (p *pulled) Remove(name string) error {
	if err := p.gone(name, true); err != nil {
		return err
	}
	return p.FS.Remove(name)
}
func (p *pulled) MkdirAll(dir string, perm fs.FileMode) error {
	if err := p.gone(dir, true); err != nil {
		return err
	}
	return p.FS.MkdirAll(dir, perm)
}
func (p *pulled) Stat(name string) (int64, error) {
	if err := p.gone(name, false); err != nil {
		return 0, err
	}
	return p.FS.Stat(name)
}
func (p *pulled) SyncDir(dir string) error {
	if err := p.gone(dir, true); err != nil {
		return err
	}
	return p.FS.SyncDir(dir)
}

type pulledFile struct {
	journal.File
	p    *pulled
	name string
}

func (f pulledFile) Write(b []byte) (int, error) {
	if err := f.p.gone(f.name, true); err != nil {
		n, _ := f.File.Write(b[:len(b)/2]) // half of it had arrived
		return n, err
	}
	return f.File.Write(b)
}
func (f pulledFile) Sync() error {
	if err := f.p.gone(f.name, true); err != nil {
		return err
	}
	return f.File.Sync()
}
func (f pulledFile) Read(b []byte) (int, error) {
	if err := f.p.gone(f.name, false); err != nil {
		return 0, err
	}
	return f.File.Read(b)
}

// folder is the station's folder in a place.
func (w *world) folder(place string) string {
	g := w.s.Genesis()
	return filepath.Join(place, backups.FolderName(g.Origin.Station, g.Key))
}

func (w *world) copies(t *testing.T, place string) []backups.Copy {
	t.Helper()
	list, bad, err := backups.Copies(nil, w.folder(place))
	if err != nil || len(bad) > 0 {
		t.Fatalf("copies: %v, bad %v", err, bad)
	}
	return list
}

// whole fails the test unless every copy in a place reads back whole.
func (w *world) whole(t *testing.T, place string) {
	t.Helper()
	for _, c := range w.copies(t, place) {
		src, dir := c.FS()
		if _, err := store.VerifyBackup(context.Background(), src, dir, w.s.Keys()); err != nil {
			t.Fatalf("copy %d in %s: %v", c.Number, place, err)
		}
	}
}

func TestAStickPulledAtAnyMomentKeepsItsEarlierCopies(t *testing.T) {
	var p *pulled
	w := newWorld(t, func(w *world, o *backups.Options) {
		p = &pulled{FS: journal.OS, stick: w.stick}
		p.left.Store(1 << 40)
		o.FS, o.Keep = p, backups.Policy{Days: 2}
	})
	w.record(t, 10)
	w.once(t)
	p.calls.Store(0)
	w.record(t, 5)
	w.now = w.now.Add(24 * time.Hour)
	w.once(t)
	steps := p.calls.Load()
	if steps < 10 {
		t.Fatalf("only %d steps on the stick", steps)
	}
	step := int64(3)
	if os.Getenv("TRAMXA_LONG") == "1" {
		step = 1
	}
	for cut := int64(0); cut < steps+15; cut += step {
		w.now = w.now.Add(24 * time.Hour)
		w.record(t, 2)
		before := len(w.copies(t, w.stick))
		p.left.Store(cut)
		st, err := w.night.Once(context.Background())
		p.left.Store(1 << 40)
		if err == nil && cut < 10 {
			t.Fatalf("cut at %d of %d: no error", cut, steps)
		}
		if st.Places[0].Proven != backups.Restored {
			t.Fatalf("cut at %d: the copy on the disk suffers: %+v", cut, st.Places[0])
		}
		if err != nil && st.Places[1].Problem == backups.Fine {
			t.Fatalf("cut at %d: %v, and nothing is said: %+v", cut, err, st.Places[1])
		}
		if now := len(w.copies(t, w.stick)); now < min(before, 2) {
			t.Fatalf("cut at %d: %d copies, there were %d", cut, now, before)
		}
		w.whole(t, w.stick)
	}
	w.now = w.now.Add(24 * time.Hour)
	if st := w.once(t); st.Places[1].Proven != backups.Read || st.Places[1].Copies != 2 {
		t.Errorf("after all: %+v", st.Places[1])
	}
	w.whole(t, w.stick)
}

// narrow is a file system with so much room below a folder.
type narrow struct {
	journal.FS
	dir  string
	free uint64
}

func (n *narrow) Free(dir string) (uint64, error) {
	if strings.HasPrefix(dir, n.dir) {
		return n.free, nil
	}
	return n.FS.Free(dir)
}

func TestAFullStickIsSaidBeforehandAndLosesNothing(t *testing.T) {
	var f *narrow
	w := newWorld(t, func(w *world, o *backups.Options) {
		f = &narrow{FS: journal.OS, dir: w.stick, free: 1 << 40}
		o.FS = f
	})
	w.record(t, 20)
	w.once(t)
	w.now = w.now.Add(24 * time.Hour)
	w.record(t, 20)
	f.free = 4 << 20
	st, err := w.night.Once(context.Background())
	if !errors.Is(err, backups.ErrNoRoom) || st.Places[1].Problem != backups.NoRoom || st.Places[0].Problem != backups.Fine {
		t.Fatalf("%v: %+v", err, st)
	}
	if len(w.copies(t, w.stick)) != 1 || st.Places[1].Proven != backups.Read {
		t.Errorf("the copy that was there: %+v", st.Places[1])
	}
	w.whole(t, w.stick)

	f.dir = filepath.Dir(w.targets[0].Dir) // now the disk of the station is full, and the stick is not
	st, err = w.night.Once(context.Background())
	if !errors.Is(err, backups.ErrNoRoom) || st.Places[0].Problem != backups.NoRoom || st.Places[1].Proven != backups.Restored {
		t.Fatalf("%v: %+v", err, st)
	}
}

// flip changes one bit in the middle of a file.
func flip(t *testing.T, name string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 8
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// pool lists the files of a place's pool.
func (w *world) pool(t *testing.T, place string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(w.folder(place), "pool", "*", "*"))
	if err != nil || len(list) == 0 {
		t.Fatalf("pool of %s: %v, %v", place, list, err)
	}
	return list
}

func TestADamagedBackupIsFoundByRestoringIt(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 30)
	w.once(t)
	local := w.targets[0].Dir
	o := backups.ProofOptions{KeyFile: w.o.KeyFile, Work: filepath.Join(w.root, "work")}
	good := w.copies(t, local)[0]
	if p, err := backups.Prove(context.Background(), good, o); err != nil || !p.Compared || p.State != good.State || p.Seq != 31 {
		t.Fatalf("a good one: %+v, %v", p, err)
	}
	for _, name := range w.pool(t, local) {
		kept, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		flip(t, name)
		if _, err := backups.Prove(context.Background(), good, o); !errors.Is(err, store.ErrBadBackup) {
			t.Errorf("a bit of %s flipped: %v", filepath.Base(name), err)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if _, err := backups.Prove(context.Background(), good, o); !errors.Is(err, store.ErrBadBackup) {
			t.Errorf("%s lost: %v", filepath.Base(name), err)
		}
		if err := os.WriteFile(name, kept, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wrong := good
	wrong.State.Hash[0] ^= 1
	if _, err := backups.Prove(context.Background(), wrong, o); !errors.Is(err, backups.ErrDiffers) {
		t.Errorf("another register than stated: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(o.Work, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestDamageInThePoolIsMendedTheNextNight(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 30)
	w.once(t)
	for _, tg := range w.targets {
		for _, name := range w.pool(t, tg.Dir) {
			flip(t, name)
		}
	}
	w.now = w.now.Add(24 * time.Hour)
	st, err := w.night.Once(context.Background())
	for _, p := range st.Places {
		if p.Proven == backups.Not || p.Sequence != 31 {
			t.Errorf("not mended: %+v, %v", p, err)
		}
	}
	for _, tg := range w.targets {
		list := w.copies(t, tg.Dir)
		src, dir := list[len(list)-1].FS()
		if _, err := store.VerifyBackup(context.Background(), src, dir, w.s.Keys()); err != nil {
			t.Errorf("%s: %v", tg.Dir, err)
		}
	}
}

func TestAnOlderCopyThatRottedIsNamedOnceAWeek(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 10)
	w.once(t)
	old := w.copies(t, w.stick)[0]
	w.record(t, 10)
	w.now = w.now.Add(24 * time.Hour)
	w.once(t)
	newer := map[store.ManifestFile]bool{}
	for _, f := range w.copies(t, w.stick)[1].Manifest.Files {
		f.Name = ""
		newer[f] = true
	}
	var own string // a file that only the old copy has
	for _, f := range old.Manifest.Files {
		hash := journal.Hash(f.SHA256)
		if f.Name = ""; !newer[f] {
			own = filepath.Join(w.folder(w.stick), "pool", hexOf(hash)[:2], hexOf(hash))
		}
	}
	flip(t, own)
	w.now = w.now.Add(8 * 24 * time.Hour)
	st, err := w.night.Once(context.Background())
	if !errors.Is(err, store.ErrBadBackup) || st.Places[1].Problem != backups.Damaged || st.Places[1].Proven != backups.Read {
		t.Fatalf("%v: %+v", err, st.Places[1])
	}
	if st.Places[0].Problem != backups.Fine {
		t.Errorf("the other place: %+v", st.Places[0])
	}
}

func hexOf(h journal.Hash) string {
	var b strings.Builder
	for _, c := range h {
		b.WriteString(hex8(uint32(c))[6:])
	}
	return b.String()
}

func TestClerksSaveWhileTheNightCopies(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 30)
	stop := make(chan struct{})
	var clerks sync.WaitGroup
	for dev := uint64(1); dev <= 3; dev++ {
		clerks.Go(func() {
			for n := uint64(1); ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				_, err := w.s.Update(context.Background(), func(tx *store.Tx) error { return household(tx, dev<<24+n, day1) })
				if err != nil {
					t.Errorf("save: %v", err)
					return
				}
			}
		})
	}
	for range 3 {
		w.now = w.now.Add(24 * time.Hour)
		st, err := w.night.Once(context.Background())
		if err != nil || st.Places[0].Proven != backups.Restored {
			t.Errorf("%v: %+v", err, st)
		}
	}
	close(stop)
	clerks.Wait()
}
