package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"tramxa/appliance/journal"
)

func TestUpdateIsTriedThenKept(t *testing.T) {
	m := newMaker(t)
	r1, r2 := m.release(1, one), m.release(2, one)
	w := newMachine(t, m, 1)
	s := w.store()
	p := w.runs(s, r1, false)
	if fmt.Sprint(p.Env) != "[TRAMXA_LEVEL=1]" || p.Label != "1.0.1" {
		t.Fatalf("%+v", p)
	}
	w.stage(s, r2)
	p = w.runs(s, r2, true)
	if p.Path != appDir+"/a/"+programName() {
		t.Fatal(p.Path)
	}
	must(t, s.Confirmed(p))
	w.runs(s, r2, false)
	st := w.state(s)
	if st.Highest != 2 || st.Previous != Factory || st.Current != SlotA || st.Trial != nil {
		t.Fatalf("%+v", st)
	}
	reports, err := s.Reports()
	must(t, err)
	var said []string
	for _, r := range reports {
		said = append(said, r.Outcome)
	}
	if strings.Join(said, " ") != "staged trying confirmed" {
		t.Fatal(said)
	}
	must(t, s.Told(reports[1].Number))
	if left, _ := s.Reports(); len(left) != 1 || left[0].Outcome != OutcomeConfirmed {
		t.Fatalf("%+v", left)
	}
}

// TestProofOfAnotherVersionConfirmsNothing: what ran on trial was left by hand,
// and the version put into its slot since then has not been started.
func TestProofOfAnotherVersionConfirmsNothing(t *testing.T) {
	m := newMaker(t)
	_, r2, r3, r4 := m.release(1, one), m.release(2, one), m.release(3, one), m.release(4, one)
	w := newMachine(t, m, 1)
	s := w.store()
	w.adopt(s, r2)
	w.stage(s, r3)
	p := w.runs(s, r3, true)
	must(t, s.Rollback())
	w.stage(s, r4)
	if st := w.state(s); s.slotOf(st, p) != slotOnTrial(st) {
		t.Fatalf("another slot: %+v", st)
	}
	must(t, s.Confirmed(p))
	if st := w.state(s); st.Trial == nil || st.Highest != 2 {
		t.Fatalf("confirmed: %+v", st)
	}
	must(t, s.Confirmed(w.runs(s, r4, true)))
	w.runs(s, r4, false)
}

func TestBadVersionGoesBackAndStaysAway(t *testing.T) {
	m := newMaker(t)
	r1, r2, r3 := m.release(1, one), m.release(2, one), m.release(3, one)
	w := newMachine(t, m, 1)
	s := w.store()
	w.adopt(s, r2)
	w.stage(s, r3)
	must(t, s.Failed(w.runs(s, r3, true), "ended with exit status 1"))
	must(t, s.Failed(w.runs(s, r3, true), "ended with exit status 1"))
	w.runs(s, r2, false)
	st := w.state(s)
	if st.Highest != 2 || st.Previous != "" && st.Previous != Factory {
		t.Fatalf("%+v", st)
	}
	last := st.Reports[len(st.Reports)-1]
	if last.Outcome != OutcomeRolledBack || last.Sequence != 3 || !strings.Contains(last.Reason.EN, "exit status 1") || !strings.Contains(last.Reason.VI, "không chạy được") {
		t.Fatalf("%+v", last)
	}
	refused(t, s.StageBundle(context.Background(), r3.open(t, w.trust), Choice{ByHand: true}), ReasonFailed)
	must(t, s.StageBundle(context.Background(), r3.open(t, w.trust), Choice{ByHand: true, Again: true}))
	must(t, s.Confirmed(w.runs(s, r3, true)))
	if w.state(s).mark(r3.sum()) != nil {
		t.Fatal("a confirmed version stays marked")
	}
	_ = r1
}

func TestLateFailureGoesBackAtOnce(t *testing.T) {
	m := newMaker(t)
	r1, r2 := m.release(1, one), m.release(2, one)
	w := newMachine(t, m, 1)
	s := w.store()
	w.stage(s, r2)
	p := w.runs(s, r2, true)
	s.start = s.start.Add(-lateAfter)
	must(t, s.Failed(p, "said nothing for 45 s"))
	w.runs(s, r1, false)
}

func TestThreeCutTrialsGoBack(t *testing.T) {
	m := newMaker(t)
	r1, r2 := m.release(1, one), m.release(2, one)
	w := newMachine(t, m, 1)
	w.stage(w.store(), r2)
	for range MaxTries {
		w.runs(w.store(), r2, true) // and the power goes
	}
	w.runs(w.store(), r1, false)
	s := w.store()
	if why := w.state(s).mark(r2.sum()).Why; why != MarkUnproven {
		t.Fatal(why)
	}
	// Once more by itself, then only by hand.
	must(t, s.StageBundle(context.Background(), r2.open(t, w.trust), Choice{}))
	for range MaxTries {
		w.runs(w.store(), r2, true)
	}
	w.runs(w.store(), r1, false)
	refused(t, s.StageBundle(context.Background(), r2.open(t, w.trust), Choice{}), ReasonFailed)
	must(t, s.StageBundle(context.Background(), r2.open(t, w.trust), Choice{ByHand: true}))
}

func TestNervousPowerCyclesNeverDemote(t *testing.T) {
	m := newMaker(t)
	m.release(1, one)
	r2 := m.release(2, one)
	w := newMachine(t, m, 1)
	w.adopt(w.store(), r2)
	before := w.disk.Calls()
	for range 30 {
		s := w.store()
		p := w.runs(s, r2, false)
		must(t, s.Failed(p, "ended with signal: killed")) // even if it crashes each time
	}
	if n := w.disk.Calls() - before; n != 0 {
		t.Errorf("starts of a confirmed version wrote %d times", n)
	}
	w.runs(w.store(), r2, false)
}

func TestGoingBackByHand(t *testing.T) {
	m := newMaker(t)
	r1, r2, r3 := m.release(1, one), m.release(2, one), m.release(3, one)
	w := newMachine(t, m, 1)
	s := w.store()
	refused(t, s.Rollback(), ReasonNoPrevious)
	w.adopt(s, r2)
	w.adopt(s, r3)
	must(t, s.Rollback())
	w.runs(s, r2, false)
	refused(t, s.StageBundle(context.Background(), r3.open(t, w.trust), Choice{}), ReasonFailed) // not by itself
	must(t, s.Rollback())
	w.runs(s, r3, false)
	must(t, s.Rollback())
	w.stage(s, r3) // by hand
	must(t, s.Rollback())
	w.runs(s, r2, false)
	_ = r1
}

func TestLevelWaitsForTheVersionToGoBackTo(t *testing.T) {
	m := newMaker(t)
	r1, r2, r3, r4 := m.release(1, one), m.release(2, oneTwo), m.release(3, oneTwo), m.release(4, one)
	w := newMachine(t, m, 1)
	s := w.store()
	w.runs(s, r1, false)
	w.adopt(s, r2) // reads 2 and would write it, but 1.0.1 does not read it
	if l := w.state(s).Level; l != 1 {
		t.Fatalf("level %d", l)
	}
	w.stage(s, r3)
	p := w.runs(s, r3, true)
	if p.Env[0] != "TRAMXA_LEVEL=1" {
		t.Fatalf("on trial: %v", p.Env)
	}
	must(t, s.Confirmed(p))
	if p := w.runs(s, r3, false); p.Env[0] != "TRAMXA_LEVEL=2" {
		t.Fatalf("confirmed: %v", p.Env)
	}
	refused(t, s.StageBundle(context.Background(), r4.open(t, w.trust), Choice{}), ReasonFormats)
	must(t, s.Rollback())
	if p := w.runs(s, r2, false); p.Env[0] != "TRAMXA_LEVEL=2" {
		t.Fatalf("gone back: %v", p.Env)
	}
	// The package's program does not read level 2, so it is never chosen.
	for _, slot := range []string{"a", "b", "copies"} {
		s.sweep(slot, func(string) bool { return true })
	}
	if _, err := s.Next(context.Background()); !errors.Is(err, ErrStuck) {
		t.Fatalf("a program that does not read the data: %v", err)
	}
}

func TestRemovedProgramIsBroughtBack(t *testing.T) {
	m := newMaker(t)
	r1, r2, r3 := m.release(1, one), m.release(2, one), m.release(3, one)
	for name, harm := range map[string]func(*testMachine, *Store){
		"removed": func(w *testMachine, s *Store) { must(t, w.disk.Remove(s.program(State{}, SlotA))) },
		"altered": func(w *testMachine, s *Store) { must(t, w.disk.FlipBit(s.program(State{}, SlotA), 77, 3)) },
		"emptied": func(w *testMachine, s *Store) {
			must(t, journal.WriteFileAtomic(w.disk, s.program(State{}, SlotA), nil, 0o755))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newMachine(t, m, 1)
			s := w.store()
			w.adopt(s, r2)
			harm(w, s)
			w.runs(s, r2, false)
			// Without its copy, what is left runs, and the next start looks again.
			harm(w, s)
			copied, err := journal.ReadFile(w.disk, s.copyPath(r2.sum()), 1<<20)
			must(t, err)
			must(t, w.disk.Remove(s.copyPath(r2.sum())))
			w.runs(s, r1, false)
			w.runs(s, r1, false)
			st := w.state(s)
			if last := st.Reports[len(st.Reports)-1]; last.Outcome != OutcomeFailed || len(st.Reports) != 4 {
				t.Fatalf("%d reports, the last %+v", len(st.Reports), last)
			}
			must(t, journal.WriteFileAtomic(w.disk, s.copyPath(r2.sum()), copied, 0o644))
			w.runs(s, r2, false)
			// A version on trial that is removed is gone back from.
			w.stage(s, r3)
			must(t, w.disk.Remove(s.program(State{}, SlotB)))
			must(t, w.disk.Remove(s.copyPath(r3.sum())))
			w.runs(s, r2, false)
		})
	}
}

func TestDamagedStateIsMadeAgain(t *testing.T) {
	m := newMaker(t)
	r1, r2, r3 := m.release(1, one), m.release(2, oneTwo), m.release(3, oneTwo)
	w := newMachine(t, m, 1)
	s := w.store()
	w.adopt(s, r2)
	w.adopt(s, r3)
	must(t, w.disk.FlipBit(s.path(stateName), 40, 1))
	w.runs(s, r3, false) // from the copy
	must(t, w.disk.FlipBit(s.path(stateName), 40, 1))
	must(t, w.disk.FlipBit(s.path(copyName), 40, 1))
	st := w.state(s)
	if st.In(st.Current).Sequence != 2 || st.Trial == nil || st.Level != 2 || st.Previous != "" {
		t.Fatalf("taken up: %+v", st)
	}
	p := w.runs(s, r3, true)
	must(t, s.Confirmed(p))
	w.runs(s, r3, false)
	_ = r1
}

func TestNewPackageIsTriedAndLeftAgain(t *testing.T) {
	m := newMaker(t)
	r1, r2, r3, r4 := m.release(1, one), m.release(2, one), m.release(3, one), m.release(4, one)
	w := newMachine(t, m, 1)
	w.adopt(w.store(), r2)
	w.install(m, 3)
	s := w.store()
	must(t, s.Failed(w.runs(s, r3, true), "ended with exit status 2"))
	must(t, s.Failed(w.runs(s, r3, true), "ended with exit status 2"))
	w.runs(s, r2, false)
	w.runs(w.store(), r2, false) // not tried again
	w.install(m, 4)
	s = w.store()
	must(t, s.Confirmed(w.runs(s, r4, true)))
	w.runs(s, r4, false)
	if st := w.state(s); st.Current != Factory || st.Previous != SlotA || st.Highest != 4 {
		t.Fatalf("%+v", st)
	}
	must(t, s.Rollback())
	w.runs(s, r2, false)
	_ = r1
}

func TestSmallFilesArePutBackOnlyWhenDamaged(t *testing.T) {
	m := newMaker(t)
	m.release(1, one)
	r2 := m.release(2, one)
	for _, c := range []struct{ during, want string }{
		{`{"users":2}`, `{"users":2}`}, // made while the new version ran: newer, kept
		{`{"users":`, `{"users":1}`},
		{``, `{"users":1}`},
		{"gone", `{"users":1}`},
	} {
		w := newMachine(t, m, 1)
		s := w.store()
		w.stage(s, r2)
		p := w.runs(s, r2, true)
		if c.during == "gone" {
			must(t, w.disk.Remove(smallFile))
		} else {
			must(t, journal.WriteFileAtomic(w.disk, smallFile, []byte(c.during), 0o600))
		}
		s.start = s.start.Add(-lateAfter)
		must(t, s.Failed(p, "bad"))
		w.next(s)
		got, err := journal.ReadFile(w.disk, smallFile, 1000)
		must(t, err)
		if string(got) != c.want {
			t.Errorf("after %q: %q, want %q", c.during, got, c.want)
		}
	}
}

func TestPulledStickAndFullDiskChangeNothing(t *testing.T) {
	m := newMaker(t)
	r1, r2, r3 := m.release(1, one), m.release(2, one), m.release(3, one)
	w := newMachine(t, m, 1)
	s := w.store()
	w.adopt(s, r2)
	before := w.state(s)
	pulled := func(r io.Reader) io.Reader {
		return io.MultiReader(io.LimitReader(r, 10), failing{syscall.EIO})
	}
	b := r3.open(t, w.trust)
	refused(t, s.Stage(context.Background(), b.Release, Choice{}, partsOf(b, pulled)), ReasonSource)
	cut := func(r io.Reader) io.Reader { return io.LimitReader(r, 10) }
	refused(t, s.Stage(context.Background(), b.Release, Choice{}, partsOf(b, cut)), ReasonSource)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.StageBundle(ctx, b, Choice{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for n := 1; ; n++ {
		w.disk.FailAt(n, syscall.ENOSPC)
		err := s.StageBundle(context.Background(), b, Choice{})
		w.disk.FailAt(0, nil)
		if err == nil {
			break
		}
		refused(t, err, ReasonDisk)
		if st := w.state(s); st.Trial != nil || st.Current != before.Current {
			t.Fatalf("full at call %d: %+v", n, st)
		}
		w.runs(s, r2, false)
		if n > 200 {
			t.Fatal("never done")
		}
	}
	w.runs(s, r3, true)
	_ = r1
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestFullDiskStillStartsTheConfirmedVersion(t *testing.T) {
	m := newMaker(t)
	r1, r2 := m.release(1, one), m.release(2, one)
	w := newMachine(t, m, 1)
	s := w.store()
	w.stage(s, r2)
	used := int64(0)
	for _, name := range w.disk.Files() {
		n, err := w.disk.Stat(name)
		must(t, err)
		used += n
	}
	w.disk.SetQuota(used)
	w.runs(s, r1, false) // the try could not be counted, so there is none
	w.disk.SetQuota(0)
	w.runs(s, r2, true)
}

func TestPatchIsUsedAndAltered(t *testing.T) {
	m := newMaker(t)
	m.release(1, one)
	r2, r3 := m.release(2, one), m.release(3, one)
	f := r3.Files[0]
	if len(f.Packings) != 3 {
		t.Fatalf("%d packings, want whole and two patches", len(f.Packings))
	}
	w := newMachine(t, m, 1)
	s := w.store()
	w.adopt(s, r2)
	parts, _, err := s.Needed(r3.Release)
	must(t, err)
	if len(parts) != 1 || parts[0].From.IsZero() || parts[0].Size >= f.Packings[0].Size {
		t.Fatalf("%+v", parts)
	}
	// The bundle holds both; a program that was altered cannot be patched, the
	// whole is taken. It is found out only by the result.
	must(t, w.disk.FlipBit(s.program(State{}, SlotA), 5, 0))
	must(t, w.disk.FlipBit(factoryPath, 5, 0))
	w.stage(s, r3)
	w.runs(s, r3, true)
}
