package update

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTheHighestValidBundleOfTwoSticksIsTaken(t *testing.T) {
	m := newMaker(t)
	r1, r2, r3, r4 := m.release(1, one), m.release(2, one), m.release(3, one), m.release(4, Formats{Reads: [2]int{2, 3}, Writes: 3})
	stranger := newMaker(t)
	stranger.signer = newSigner(t, 8)
	forged := stranger.release(9, one)
	w := newMachine(t, m, 1)
	s := w.store()
	one, two := t.TempDir(), t.TempDir()
	writeFile(t, one, StickDir+"/old.tramup", r2.bundle)
	writeFile(t, one, StickDir+"/._old.tramup", r2.bundle[:100]) // as another system leaves it
	writeFile(t, one, "unreadable.TRAMUP", r4.bundle)            // higher, but does not read our data
	writeFile(t, two, "new.tramup", r3.bundle)
	writeFile(t, two, StickDir+"/cut.tramup", r4.bundle[:len(r4.bundle)-5])
	writeFile(t, two, StickDir+"/forged.tramup", forged.bundle)
	writeFile(t, two, "notes.txt", []byte("x"))
	c := Collect(one, two)
	defer c.Close()
	found, err := s.FindIn(c)
	must(t, err)
	if len(found) != 5 || found[0].Release.Sequence != 4 || found[4].Err == nil {
		t.Fatalf("%+v", found)
	}
	best, _, err := s.Best(found, Choice{ByHand: true})
	must(t, err)
	if best.Path != filepath.Join(two, "new.tramup") {
		t.Fatal(best.Path)
	}
	must(t, s.StageBundle(context.Background(), best.Bundle, Choice{ByHand: true}))
	w.runs(s, r3, true)
	_ = r1
}

func TestNothingToTakeIsSaid(t *testing.T) {
	m := newMaker(t)
	r1, r2 := m.release(1, one), m.release(2, one)
	w := newMachine(t, m, 2)
	s := w.store()
	w.next(s)
	empty := t.TempDir()
	best := func(places ...string) error {
		found, err := s.Find(places...)
		must(t, err)
		_, _, err = s.Best(found, Choice{ByHand: true})
		return err
	}
	refused(t, best(empty), ReasonNothing)
	refused(t, best(filepath.Join(empty, "gone.tramup")), ReasonSource)
	refused(t, best(writeFile(t, t.TempDir(), "a.tramup", r1.bundle)), ReasonOlder)
	refused(t, best(writeFile(t, t.TempDir(), "a.tramup", r2.bundle)), ReasonCurrent)
	refused(t, best(writeFile(t, t.TempDir(), "a.tramup", r2.bundle[:99])), ReasonDamaged)
	refused(t, best(writeFile(t, t.TempDir(), "a.tramup", []byte("a letter to somebody else"))), ReasonDamaged)
}

func TestDevelopmentBuildTakesNothing(t *testing.T) {
	m := newMaker(t)
	r2 := m.release(2, one)
	w := newMachine(t, m, 1)
	o := w.options()
	o.Trust = nil // this test program has no release keys
	s, err := Open(o)
	must(t, err)
	w.next(s)
	_, err = s.Find(t.TempDir())
	refused(t, err, ReasonDevelopment)
	refused(t, s.StageBundle(context.Background(), r2.open(t, w.trust), Choice{}), ReasonDevelopment)
	st, err := s.Status()
	must(t, err)
	if !st.Development || Released() {
		t.Fatalf("%+v", st)
	}
}

func TestPreflightRefusals(t *testing.T) {
	m := newMaker(t)
	m.release(1, one)
	m.release(2, one)
	m.release(5, one)
	for name, c := range map[string]struct {
		edit   func(*Draft)
		facts  func(*Machine)
		before func(*testMachine, *Store)
		want   Reason
	}{
		"system":      {edit: func(d *Draft) { d.Files[0].System = "windows/amd64" }, want: ReasonSystem},
		"channel":     {edit: func(d *Draft) { d.Channel = "test" }, want: ReasonChannel},
		"old kernel":  {facts: func(f *Machine) { f.OSVersion = "3.16.0" }, want: ReasonOS},
		"old windows": {edit: forWindows, facts: func(f *Machine) { f.System, f.OSVersion = "windows/amd64", "6.1.7601" }, want: ReasonOS},
		"memory":      {facts: func(f *Machine) { f.RAM = 800 << 20 }, want: ReasonMemory},
		"disk":        {before: func(w *testMachine, _ *Store) { w.disk.SetQuota(50 << 20) }, want: ReasonDisk},
		"disk wanted": {edit: func(d *Draft) { d.Requires.FreeDisk = 1 << 39 }, before: func(w *testMachine, _ *Store) { w.disk.SetQuota(1 << 33) }, want: ReasonDisk},
		"formats":     {edit: func(d *Draft) { d.Formats = Formats{Reads: [2]int{2, 2}, Writes: 2} }, want: ReasonFormats},
		"older":       {edit: func(d *Draft) { d.Sequence = 1 }, want: ReasonOlder},
		"min from":    {edit: func(d *Draft) { d.MinFrom = 4 }, want: ReasonMinFrom},
		"on trial": {before: func(w *testMachine, s *Store) {
			r := newMaker(w.t).release(4, one)
			w.stage(s, r)
		}, want: ReasonTrying},
		"unknown facts": {facts: func(f *Machine) { f.OSVersion, f.RAM = "", 0 }},
		"fitting":       {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newMachine(t, m, 2)
			s := w.store()
			w.next(s)
			if c.before != nil {
				c.before(w, s)
			}
			if c.facts != nil {
				c.facts(&w.facts)
			}
			m := newMaker(t)
			m.edit = c.edit
			r := m.release(6, one)
			w.trust = m.trust()
			before, files := w.state(s), len(w.disk.Files())
			err := w.store().StageBundle(context.Background(), r.open(t, w.trust), Choice{})
			if c.want == "" {
				must(t, err)
				return
			}
			no := refused(t, err, c.want)
			if !strings.Contains(no.Text.VI, ".") {
				t.Error(no.Text.VI)
			}
			if after := w.state(s); len(w.disk.Files()) != files || after.Count != before.Count {
				t.Errorf("something was changed: %v", w.disk.Files())
			}
		})
	}
}

func forWindows(d *Draft) { d.Files[0].System = "windows/amd64" }

func TestWrongClockOnlyWarns(t *testing.T) {
	m := newMaker(t)
	m.release(1, one)
	r2 := m.release(2, one)
	w := newMachine(t, m, 1)
	for _, now := range []time.Time{time.Unix(0, 0), day.AddDate(40, 0, 0)} {
		w.now = now
		s := w.store()
		w.next(s)
		warnings, err := s.Check(r2.Release, Choice{})
		must(t, err)
		if (len(warnings) == 1) != now.After(r2.Expires) {
			t.Errorf("at %v: %v", now, warnings)
		}
	}
	w.adopt(w.store(), r2)
}

func TestThisMachineIsKnown(t *testing.T) {
	m := ThisMachine()
	if m.System != System() || m.OSVersion == "" || m.RAM < 64<<20 {
		t.Fatalf("%+v", m)
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"5.10", "5.9", 1}, {"5.10", "5.10.0", 0}, {"10.0.19045", "10.0.10240", 1}, {"6.1.7601", "10.0.10240", -1}, {"4", "4.19", -1}} {
		if got := compareVersions(c.a, c.b); got > 0 != (c.want > 0) || got < 0 != (c.want < 0) {
			t.Errorf("%s against %s: %d", c.a, c.b, got)
		}
	}
}

func TestPartsArriveOverManyTries(t *testing.T) {
	m := newMaker(t)
	m.release(1, one)
	r2 := m.release(2, one)
	w := newMachine(t, m, 1)
	s := w.store()
	w.next(s)
	parts, _, err := s.Needed(r2.Release)
	must(t, err)
	p := parts[0]
	src, err := r2.open(t, w.trust).OpenPart(p.SHA256)
	must(t, err)
	all, err := io.ReadAll(src)
	must(t, err)
	for off := 0; off < len(all); off += 7 {
		in, err := s.Incoming(p)
		must(t, err)
		n := min(7, len(all)-off)
		_, err = in.WriteAt(all[off:off+n], int64(off))
		must(t, err)
		must(t, in.Close())
	}
	in, err := s.Incoming(p)
	must(t, err)
	if have, err := in.Have(); have != p.Size || err != nil {
		t.Fatalf("have %d of %d, %v", have, p.Size, err)
	}
	if _, err := in.WriteAt([]byte{1}, p.Size); !errors.Is(err, ErrFormat) {
		t.Errorf("beyond the part: %v", err)
	}
	_, err = in.WriteAt([]byte{^all[3]}, 3)
	must(t, err)
	if err := in.Done(); !errors.Is(err, ErrFormat) {
		t.Fatalf("altered on the way: %v", err)
	}
	if have, _ := in.Have(); have != 0 {
		t.Fatalf("an altered part is kept: %d", have)
	}
	_, err = in.WriteAt(all, 0)
	must(t, err)
	must(t, in.Done())
	must(t, in.Close())
	must(t, s.StageIncoming(context.Background(), r2.Release, Choice{}))
	w.runs(s, r2, true)
	if _, err := w.disk.Stat(s.partPath(p)); err == nil {
		t.Error("the part was not removed")
	}
}

func TestNothingArrivedIsARefusal(t *testing.T) {
	m := newMaker(t)
	m.release(1, one)
	r2 := m.release(2, one)
	w := newMachine(t, m, 1)
	s := w.store()
	w.next(s)
	refused(t, s.StageIncoming(context.Background(), r2.Release, Choice{}), ReasonSystem)
	w.disk.FailAt(1, syscall.ENOSPC)
	if _, err := s.Incoming(Part{SHA256: Hash{1}, Size: 5}); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
}

// TestInsideFollowsNoLinkOut: who owns the directory cannot lead a process with
// more rights elsewhere.
func TestInsideFollowsNoLinkOut(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	secret := writeFile(t, outside, "secret", []byte("x"))
	must(t, os.Mkdir(filepath.Join(dir, "root"), 0o755))
	if err := os.Symlink(secret, filepath.Join(dir, "root", resultName)); err != nil {
		t.Skip("skipped: this system makes no links for this user: ", err)
	}
	must(t, os.Symlink(outside, filepath.Join(dir, "elsewhere")))
	in, err := Inside(dir)
	must(t, err)
	defer in.Close()
	for _, name := range []string{"root/" + resultName, "elsewhere/secret", "elsewhere/new", "../x"} {
		if f, err := in.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o644); err == nil {
			f.Close()
			t.Errorf("%s was opened", name)
		}
	}
	m := RootMachine{Dir: filepath.Join(dir, "root"), DirFS: in, Running: 'A'}
	must(t, m.result(RootResult{Format: rootFormat, Version: 1})) // a rename over the link
	if b, _ := os.ReadFile(secret); string(b) != "x" {
		t.Fatal("written through a link")
	}
	names, err := in.ReadDir(m.Dir)
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
}
