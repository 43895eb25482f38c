package update

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// EnvLevel names the variable with the data-format level that a program is to
// write at. A program that writes one level only, as all of level 1 do, need not
// read it: Step starts no program that does not cover the level.
const EnvLevel = "TRAMXA_LEVEL"

// lateAfter is how long a start on trial must have run for its failure to end
// the trial at once; shorter ones get a second chance. A bad version must be gone
// in three minutes, also one that fails just before this and at its second start
// says late that it is ready, and nothing more: 70 s, 60 s and 45 s of the
// launcher's Limits, and two pauses of 2 s. TestABadVersionIsLeftInThreeMinutes
// of service holds the sum.
const lateAfter = 70 * time.Second

// Program is what the launcher is to start. Its fields are those of
// service.Program.
type Program struct {
	Path  string
	Env   []string
	Trial bool
	Label string
}

// ErrStuck is wrapped when no program is whole that reads the data.
var ErrStuck = errors.New("no program to start")

// Next chooses the program to start. A try of an unconfirmed program is durable
// before it returns; when that cannot be written, the confirmed one is started.
func (s *Store) Next(ctx context.Context) (Program, error) {
	unlock, err := s.locks.lock()
	if err != nil {
		return Program{}, err
	}
	defer unlock()
	st, err := s.load()
	if err != nil {
		return Program{}, err
	}
	if !s.o.Self.SHA256.IsZero() {
		st, _ = Step(st, s.o.Now(), Seen{s.factory(), s.o.Self.Path})
	}
	var broken []Slot
	var why []error
	for ctx.Err() == nil {
		next, run, stuck := s.try(st, broken)
		if stuck != nil {
			_ = s.save(next) // what is told is less than what is the matter
			return Program{}, errors.Join(append([]error{stuck}, why...)...)
		}
		if run.Slot == "" {
			broken = append(broken, slotOnTrial(st))
			continue
		}
		p := *next.In(run.Slot)
		if err := s.ensure(next, run.Slot, p); err != nil {
			s.o.Log.Error("program cannot be started", "slot", run.Slot, "version", p.Version, "err", err)
			broken, why = append(broken, run.Slot), append(why, err)
			continue
		}
		if err := s.save(next); err != nil {
			s.o.Log.Error("state of the slots not saved", "err", err)
			if run.Trial && run.Slot != next.Current {
				broken = append(broken, run.Slot)
				continue
			}
		}
		s.start = time.Now()
		return Program{
			Path: s.program(next, run.Slot), Env: []string{EnvLevel + "=" + strconv.Itoa(run.Level)},
			Trial: run.Trial, Label: p.Version,
		}, nil
	}
	return Program{}, ctx.Err()
}

func slotOnTrial(st State) Slot {
	if st.Trial == nil {
		return ""
	}
	return st.Trial.Slot
}

// try is one choice with its effects done. No slot: the trial cannot begin.
func (s *Store) try(st State, broken []Slot) (State, Run, error) {
	next, effects := Step(st, s.o.Now(), Start{Broken: slices.Clone(broken)})
	for _, e := range effects {
		switch e := e.(type) {
		case PutBack:
			if err := s.putBack(e.Sequence); err != nil {
				s.o.Log.Error("small files not put back", "err", err)
			}
			next, _ = Step(next, s.o.Now(), PutBackDone{})
		case Snapshot:
			if err := s.snapshot(e.Sequence); err != nil {
				s.o.Log.Error("small files not copied, nothing is tried", "err", err)
				if slotOnTrial(next) != next.Current {
					return next, Run{}, nil
				}
			}
		case Stuck:
			return next, Run{}, fmt.Errorf("%w: %s", ErrStuck, e.Text.EN)
		case Run:
			return next, e, nil
		}
	}
	return next, Run{}, ErrStuck
}

// Confirmed takes note that the program on trial has proved itself. A version put
// into its slot meanwhile, which was never started, is not meant.
func (s *Store) Confirmed(p Program) error {
	return s.change(func(st State) (State, error) {
		if slot := s.slotOf(st, p); slot != "" && slot == slotOnTrial(st) && st.Trial.Tries > 0 {
			st, _ = Step(st, s.o.Now(), Confirmed{SHA256: st.In(slot).SHA256})
		}
		return st, nil
	})
}

// Failed takes note of a failed start. It matters for a program on trial only.
func (s *Store) Failed(p Program, reason string) error {
	late := time.Since(s.start) >= lateAfter
	return s.change(func(st State) (State, error) {
		if slot := s.slotOf(st, p); p.Trial && slot != "" && slot == slotOnTrial(st) {
			st, _ = Step(st, s.o.Now(), Failed{SHA256: st.In(slot).SHA256, Late: late, Reason: text(
				"Phiên bản %s không chạy được: %s.", "version %s did not work: %s", p.Label, reason)})
		}
		return st, nil
	})
}

// slotOf says which slot a program was started from.
func (s *Store) slotOf(st State, p Program) Slot {
	for _, slot := range []Slot{SlotA, SlotB, Factory} {
		if filepath.Clean(p.Path) == filepath.Clean(s.program(st, slot)) {
			return slot
		}
	}
	return ""
}

// ConfirmNow confirms the program on trial because somebody says so.
func (s *Store) ConfirmNow() error {
	return s.change(func(st State) (State, error) {
		if st.Trial == nil {
			return st, refuse(ReasonNothing, text("Không có phiên bản nào đang được thử.", "no version is on trial; there is nothing to confirm"))
		}
		if st.Trial.Tries == 0 {
			return st, refuse(ReasonTrying, text(
				"Phiên bản mới chưa được khởi động lần nào. Hãy khởi động lại dịch vụ trước.",
				"the new version has not been started yet; restart the service first"))
		}
		st, _ = Step(st, s.o.Now(), Confirmed{SHA256: st.In(st.Trial.Slot).SHA256})
		return st, nil
	})
}

// Rollback goes back to the program before, at the next start of the service;
// with one on trial, away from that. The error is a *Refusal when there is none
// or it does not read the data.
func (s *Store) Rollback() error { return s.do(Rollback{}) }

// Reports lists what the province has not been told yet, oldest first.
func (s *Store) Reports() ([]Report, error) {
	st, err := s.State()
	return st.Reports, err
}

// Told drops the reports up to a number: the province has them.
func (s *Store) Told(number uint64) error { return s.do(Told{number}) }

// Refuse keeps for the province that an update it offered was not taken.
func (s *Store) Refuse(r Release, no *Refusal) error {
	return s.do(Refused{Sequence: r.Sequence, Version: r.Version, Reason: no.Text})
}
