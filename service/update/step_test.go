package update

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
)

// TestStepKeepsItsPromises throws random events at random states and holds the
// step to what it promises.
func TestStepKeepsItsPromises(t *testing.T) {
	seeds := uint64(100)
	if os.Getenv("TRAMXA_LONG") != "" {
		seeds = 5000
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := New(somebody(1+seed%4), factoryPath)
		for i := range 60 {
			e := randomEvent(rng, s)
			next, effects := Step(s, day, e)
			if err := promises(s, next, e, effects); err != nil {
				t.Fatalf("seed %d, event %d, %T %+v:\nbefore %+v\nafter  %+v\n%v", seed, i, e, e, s, next, err)
			}
			s = next
		}
	}
}

// somebody is a program of a release, with formats of its time.
func somebody(sequence uint64) Installed {
	f := []Formats{one, oneTwo, {Reads: [2]int{1, 3}, Writes: 3}, {Reads: [2]int{2, 3}, Writes: 3}}
	return Installed{Sequence: sequence, Version: fmt.Sprint(sequence), SHA256: Hash{byte(sequence), byte(sequence >> 8)}, Size: 1, Formats: f[sequence*7%11%4]}
}

func randomEvent(rng *rand.Rand, s State) Event {
	some := func() Installed { return somebody(1 + rng.Uint64N(40)) }
	onTrial := Hash{}
	if s.Trial != nil && rng.IntN(5) > 0 {
		onTrial = s.In(s.Trial.Slot).SHA256
	}
	switch rng.IntN(12) {
	case 0:
		return Seen{some(), factoryPath}
	case 1, 2: // the store asks Preflight before
		p := some()
		if p.Formats.Covers(s.Level) && s.In(s.Current).SHA256 != p.SHA256 {
			return Staged{Slot: s.Free(), Program: p}
		}
		return Cleared{s.Free()}
	case 3, 4, 5:
		return Confirmed{onTrial}
	case 6:
		return Failed{SHA256: onTrial, Reason: handText(), Late: rng.IntN(2) == 0}
	case 7:
		return Rollback{}
	case 8:
		var broken []Slot
		for _, slot := range []Slot{SlotA, SlotB} {
			if rng.IntN(3) == 0 {
				broken = append(broken, slot)
			}
		}
		return Start{broken}
	case 9:
		return Told{s.Count - uint64(rng.IntN(3))}
	}
	return Start{}
}

// promises compares before and after.
func promises(s, next State, e Event, effects []Effect) error {
	if err := next.check(); err != nil {
		return err
	}
	if b, err := next.marshal(); err != nil {
		return err
	} else if again, err := parseState(b); err != nil || again.Count != next.Count {
		return fmt.Errorf("not read again: %w", err)
	}
	if next.Level < s.Level {
		return fmt.Errorf("the level fell from %d to %d", s.Level, next.Level)
	}
	if next.Level > s.Level {
		if _, ok := e.(Confirmed); !ok {
			return fmt.Errorf("the level rose")
		}
		if p := next.In(next.Previous); p != nil && !p.Formats.Covers(next.Level) {
			return fmt.Errorf("the level rose above what the program to go back to reads")
		}
	}
	if next.Current != s.Current {
		switch e.(type) {
		case Confirmed, Rollback:
		default:
			return fmt.Errorf("a confirmed program was left")
		}
	}
	switch e.(type) {
	case Seen, Staged, Cleared:
	default:
		if p, q := s.In(s.Current), next.In(s.Current); q == nil || p.SHA256 != q.SHA256 {
			return fmt.Errorf("the confirmed program was dropped")
		}
	}
	for _, effect := range effects {
		run, ok := effect.(Run)
		if !ok {
			continue
		}
		p := next.In(run.Slot)
		switch {
		case p == nil || !p.Formats.Covers(next.Level) || run.Level != next.Level:
			return fmt.Errorf("%s runs on data of level %d", run.Slot, next.Level)
		case run.Trial != (next.Trial != nil && next.Trial.Slot == run.Slot):
			return fmt.Errorf("trial or not?")
		case run.Trial && s.Trial != nil && next.Trial.Tries != s.Trial.Tries+1:
			return fmt.Errorf("a try that does not count")
		}
		if st, ok := e.(Start); ok && !run.Trial && len(st.Broken) == 0 && s.Trial == nil && run.Slot != s.Current && s.In(s.Current).Formats.Covers(s.Level) {
			return fmt.Errorf("%s runs, not the confirmed %s", run.Slot, s.Current)
		}
	}
	return nil
}

// TestThirtyStarts: the sentence of the manual, as one loop.
func TestThirtyStarts(t *testing.T) {
	s := goldenState()
	s, _ = Step(s, day, Confirmed{SHA256: Hash{7}})
	for range 30 {
		next, effects := Step(s, day, Start{})
		if run, ok := effects[len(effects)-1].(Run); !ok || run.Slot != SlotB || run.Trial {
			t.Fatalf("%+v", effects)
		}
		s = next
	}
}
