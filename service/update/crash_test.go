package update

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"tramxa/appliance/journal/crashfs"
)

// answered is what the machine was told before the power went.
type answered struct {
	current made   // confirmed, durable
	maybe   []made // what may run beside: asked for, not yet answered
	bad     map[Hash]bool
}

// life is a machine's story: updates that work, one that fails, going back. It
// stops at the first error, which must be the power, and says what had been
// answered.
func life(s *Store, rs []made, trust Trust, open func(made) *Bundle) (a answered, err error) {
	ctx := context.Background()
	a = answered{current: rs[0], bad: map[Hash]bool{}}
	adopt := func(r made) error {
		a.maybe = []made{a.current, r}
		if err := s.StageBundle(ctx, open(r), Choice{ByHand: true}); err != nil {
			return err
		}
		p, err := s.Next(ctx)
		if err != nil {
			return err
		}
		if err := s.Confirmed(p); err != nil {
			return err
		}
		a.current, a.maybe = r, nil
		return nil
	}
	fail := func(r made) error {
		a.maybe = []made{a.current, r}
		if err := s.StageBundle(ctx, open(r), Choice{ByHand: true}); err != nil {
			return err
		}
		for range maxFailures {
			p, err := s.Next(ctx)
			if err != nil {
				return err
			}
			if err := s.Failed(p, "crashed"); err != nil {
				return err
			}
		}
		a.maybe, a.bad[r.sum()] = nil, true
		_, err := s.Next(ctx) // looks after the small files
		return err
	}
	back := func(to made) error {
		a.maybe = []made{a.current, to}
		if err := s.Rollback(); err != nil {
			return err
		}
		a.current, a.maybe = to, nil
		_, err := s.Next(ctx)
		return err
	}
	for _, step := range []func() error{
		func() error { _, err := s.Next(ctx); return err },
		func() error { return adopt(rs[1]) },
		func() error { return adopt(rs[2]) },
		func() error { return fail(rs[3]) },
		func() error { return adopt(rs[4]) },
		func() error { return back(rs[2]) },
		func() error { return back(rs[4]) },
	} {
		if err := step(); err != nil {
			return a, err
		}
	}
	return a, nil
}

// TestPowerCutAnywhere cuts the power at every call that changes the disk, in
// many ways each, and looks at what starts afterwards.
func TestPowerCutAnywhere(t *testing.T) {
	m := newMaker(t)
	rs := []made{m.release(1, one), m.release(2, oneTwo), m.release(3, oneTwo), m.release(4, oneTwo), m.release(5, oneTwo)}
	bundles := map[Hash]*Bundle{}
	for _, r := range rs {
		bundles[r.sum()] = r.open(t, m.trust())
	}
	open := func(r made) *Bundle { return bundles[r.sum()] }
	fresh := newMachine(t, m, 1)
	whole := *fresh
	whole.disk = fresh.disk.Clone()
	if _, err := life(whole.store(), rs, whole.trust, open); err != nil {
		t.Fatal(err)
	}
	calls := whole.disk.Calls()
	ways := 1
	if os.Getenv("TRAMXA_LONG") != "" {
		ways = 60
	}
	for cut := 1; cut <= calls; cut++ {
		for way := range ways {
			w := *fresh
			w.disk = fresh.disk.Clone()
			w.disk.CutAt(cut)
			a := answered{current: rs[0]}
			s, err := Open(w.options())
			if err == nil {
				a, err = life(s, rs, w.trust, open)
			}
			if !errors.Is(err, crashfs.ErrPower) {
				t.Fatalf("cut %d: %v", cut, err)
			}
			w.disk.Crash(rand.New(rand.NewPCG(uint64(cut), uint64(way))))
			if err := survives(&w, a); err != nil {
				t.Fatalf("cut %d of %d, way %d: %v", cut, calls, way, err)
			}
		}
	}
	t.Logf("%d power cuts at %d places", calls*ways, calls)
}

// survives starts the machine again until nothing is on trial, and once more.
func survives(w *testMachine, a answered) error {
	for range 3 {
		s, err := Open(w.options())
		if err != nil {
			return err
		}
		p, got := w.next(s)
		ok := got == a.current.sum() && !p.Trial
		for _, r := range a.maybe {
			ok = ok || got == r.sum()
		}
		if !ok || a.bad[got] {
			return fmt.Errorf("%s runs (trial %v) although %s was answered", p.Label, p.Trial, a.current.Version)
		}
		st, err := s.State()
		if err != nil {
			return err
		}
		if !st.In(st.Current).Formats.Covers(st.Level) || st.Previous != "" && !st.In(st.Previous).Formats.Covers(st.Level) {
			return fmt.Errorf("level %d is not read by %s or %s", st.Level, st.Current, st.Previous)
		}
		if p.Trial {
			if err := s.Confirmed(p); err != nil {
				return err
			}
		}
	}
	return nil
}
