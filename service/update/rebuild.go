package update

import (
	"errors"
	"io/fs"
	"slices"
	"time"
)

// rebuild makes a state for a machine that has none. When one was lost, the
// programs that lie in the slots with signed documents are taken up again: the
// older one runs, the newer one has to prove itself once more. The level is one
// that both read, so nothing is written that could not be read by the other.
func (s *Store) rebuild(damaged bool) (State, error) {
	if s.o.Self.SHA256.IsZero() {
		return State{}, ErrNoState
	}
	st := New(s.factory(), s.o.Self.Path)
	trust, err := s.trust()
	if errors.Is(err, ErrDevelopment) {
		return st, nil
	}
	if err != nil {
		return State{}, err
	}
	type found struct {
		slot Slot
		Installed
		keys KeySet
	}
	var programs []found
	for _, slot := range []Slot{SlotA, SlotB} {
		r, err := s.documents(slot, trust)
		if err != nil {
			if damaged && !errors.Is(err, fs.ErrNotExist) {
				s.o.Log.Error("slot cannot be taken up again", "slot", slot, "err", err)
			}
			continue
		}
		p, ok := s.installed(r)
		if ok && s.ensure(st, slot, p) == nil {
			programs = append(programs, found{slot, p, r.keys})
		}
	}
	slices.SortFunc(programs, func(a, b found) int { return int(int64(a.Sequence) - int64(b.Sequence)) })
	for _, p := range programs {
		if p.Sequence <= st.Highest {
			continue
		}
		if st.Trial != nil { // two: the older one is no trial
			st = takeUp(st, s.o.Now(), p.Formats)
		}
		st, _ = Step(st, s.o.Now(), Staged{Slot: p.slot, Program: p.Installed, Keys: p.keys})
	}
	return st, nil
}

// takeUp makes the program on trial the current one, without a level that the
// next one does not read.
func takeUp(st State, now time.Time, next Formats) State {
	p := st.In(st.Trial.Slot)
	st, _ = Step(st, now, Confirmed{SHA256: p.SHA256})
	st.Level = min(next.Writes, st.In(st.Current).Formats.Reads[1])
	if prev := st.In(st.Previous); prev != nil && !prev.Formats.Covers(st.Level) {
		st.Previous = ""
	}
	return st
}

// installed is what a release puts into a slot of this machine.
func (s *Store) installed(r Release) (Installed, bool) {
	f, ok := r.File(s.o.Machine.System, KindProgram)
	return Installed{Sequence: r.Sequence, Version: r.Version, SHA256: f.SHA256, Size: f.Size, Formats: r.Formats}, ok
}
