package update

import (
	"fmt"
	"slices"
	"time"
)

// Event is something that happened to the programs of a machine.
type Event interface{ event() }

type (
	// Seen: the launcher looks at itself before a start.
	Seen struct {
		Program Installed
		Path    string
	}
	// Cleared: a slot is about to be overwritten.
	Cleared struct{ Slot Slot }
	// Staged: a verified program lies in a slot, durably.
	Staged struct {
		Slot    Slot
		Program Installed
		Keys    KeySet // in force in its release
	}
	// Start: a program is to be started. Broken are slots whose file is not what
	// was signed and could not be brought back.
	Start struct{ Broken []Slot }
	// Confirmed: the program with this hash has proved itself on trial.
	Confirmed struct{ SHA256 Hash }
	// Failed: a start of the program with this hash failed. Late: it had run for
	// a while.
	Failed struct {
		SHA256 Hash
		Reason Text
		Late   bool
	}
	// Rollback: somebody wants the program before.
	Rollback struct{}
	// PutBackDone: the small files have been looked after.
	PutBackDone struct{}
	// Refused: an update that the province offered was not taken.
	Refused struct {
		Sequence uint64
		Version  string
		Reason   Text
	}
	// RootCame: this is what came of a root update.
	RootCame struct{ Result RootResult }
	// Told: the province has the reports up to this number.
	Told struct{ Number uint64 }
)

func (Seen) event()        {}
func (Cleared) event()     {}
func (Staged) event()      {}
func (Start) event()       {}
func (Confirmed) event()   {}
func (Failed) event()      {}
func (Rollback) event()    {}
func (PutBackDone) event() {}
func (Refused) event()     {}
func (RootCame) event()    {}
func (Told) event()        {}

// Effect is what the store is to do. Effects come in order; all before Run are
// done before the new state is saved, Run after it.
type Effect interface{ effect() }

type (
	// Run: start the program in this slot, to write at this level.
	Run struct {
		Slot  Slot
		Trial bool
		Level int
	}
	// Snapshot: copy the small files before the first trial of this release.
	Snapshot struct{ Sequence uint64 }
	// PutBack: look after the small files that the trial of this release may
	// have damaged, then say PutBackDone.
	PutBack struct{ Sequence uint64 }
	// Stuck: no program is whole that reads the data.
	Stuck struct{ Text Text }
	// No: the event is not possible; the state is unchanged.
	No struct{ Refusal *Refusal }
)

func (Run) effect()      {}
func (Snapshot) effect() {}
func (PutBack) effect()  {}
func (Stuck) effect()    {}
func (No) effect()       {}

// New is the state of a machine that has only the program of the package. Its
// data are written as that program writes.
func New(factory Installed, path string) State {
	return State{
		Format: stateFormat, Version: 1,
		Level: factory.Formats.Writes, Highest: factory.Sequence,
		Current: Factory, Factory: &factory, Launcher: path, Marks: []Mark{}, Reports: []Report{},
	}
}

// Step is the whole logic of updates: what an event at a time does to a state.
// It is pure; the state given is not changed.
func Step(s State, at time.Time, e Event) (State, []Effect) {
	t := stepper{s.clone(), at.UTC().Truncate(time.Second)}
	var effects []Effect
	switch e := e.(type) {
	case Seen:
		t.s.Launcher = e.Path
		t.seen(e.Program)
	case Cleared:
		effects = t.cleared(e.Slot)
	case Staged:
		effects = t.staged(e)
	case Start:
		effects = t.start(e.Broken)
	case Confirmed:
		t.confirmed(e.SHA256)
	case Failed:
		t.failed(e)
	case Rollback:
		effects = t.rollback()
	case PutBackDone:
		t.s.PutBack = 0
	case Refused:
		t.report(Installed{Sequence: e.Sequence, Version: e.Version}, OutcomeRefused, e.Reason)
	case RootCame:
		said := fmt.Sprintf("%d %s", e.Result.Sequence, e.Result.Outcome)
		if said != t.s.Root {
			t.s.Root = said
			t.report(Installed{Sequence: e.Result.Sequence, Version: e.Result.Release}, e.Result.Outcome, e.Result.Text)
		}
	case Told:
		t.s.Reports = slices.DeleteFunc(t.s.Reports, func(r Report) bool { return r.Number <= e.Number })
	}
	if len(effects) == 1 {
		if _, no := effects[0].(No); no {
			return s, effects
		}
	}
	return t.s, effects
}

type stepper struct {
	s  State
	at time.Time
}

func (s State) clone() State {
	s.Marks, s.Reports = slices.Clone(s.Marks), slices.Clone(s.Reports)
	if s.Trial != nil {
		trial := *s.Trial
		s.Trial = &trial
	}
	return s
}

func (t *stepper) report(p Installed, outcome string, reason Text) {
	t.s.Count++
	t.s.Reports = append(t.s.Reports, Report{t.s.Count, p.Sequence, p.Version, outcome, reason.bounded(), t.at})
	if n := len(t.s.Reports); n > maxReports {
		t.s.Reports = t.s.Reports[n-maxReports:]
	}
}

func (t *stepper) mark(p Installed, why string, reason Text) {
	m := Mark{Sequence: p.Sequence, Version: p.Version, SHA256: p.SHA256, Why: why, Times: 1, Reason: reason.bounded(), At: t.at}
	if old := t.s.mark(p.SHA256); old != nil && old.Why == why {
		m.Times += old.Times
	}
	t.unmark(p.SHA256)
	t.s.Marks = append(t.s.Marks, m)
	if n := len(t.s.Marks); n > maxMarks {
		t.s.Marks = t.s.Marks[n-maxMarks:]
	}
}

func (t *stepper) unmark(sum Hash) {
	t.s.Marks = slices.DeleteFunc(t.s.Marks, func(m Mark) bool { return m.SHA256 == sum })
}

// seen takes note of a program that a package has put in the launcher's place.
// A newer one is tried like any other; when it is all there is, it has nothing
// to go back to, but the level of the data still waits until it is proved.
func (t *stepper) seen(p Installed) {
	if *t.s.Factory == p {
		return
	}
	same := t.s.Factory.SHA256 == p.SHA256
	t.s.Factory = &p
	if same {
		return
	}
	if t.s.Trial != nil && t.s.Trial.Slot == Factory {
		t.s.Trial = nil
	}
	if t.s.Previous == Factory && !p.Formats.Covers(t.s.Level) {
		t.s.Previous = ""
	}
	newer := p.Sequence > t.s.Highest && t.s.mark(p.SHA256) == nil
	if t.s.Trial == nil && p.Formats.Covers(t.s.Level) && (t.s.Current == Factory || newer) {
		t.s.Trial = &Trial{Slot: Factory}
	}
}

func (t *stepper) cleared(slot Slot) []Effect {
	if t.s.Trial != nil {
		return []Effect{No{errTrying(t.s)}}
	}
	if slot == t.s.Current || slot == Factory {
		return []Effect{No{refuse(ReasonTrying, text("Ngăn chứa đang được dùng.", "slot %s is in use", slot))}}
	}
	t.s.put(slot, nil)
	if t.s.Previous == slot {
		t.s.Previous = ""
	}
	return nil
}

func (t *stepper) staged(e Staged) []Effect {
	if effects := t.cleared(e.Slot); effects != nil {
		return effects
	}
	t.s.put(e.Slot, &e.Program)
	t.s.Trial = &Trial{Slot: e.Slot}
	if e.Keys.Number > t.s.KeySet {
		t.s.KeySet, t.s.KeysHash = e.Keys.Number, e.Keys.Hash()
	}
	t.report(e.Program, OutcomeStaged, Text{})
	return nil
}

// start chooses. Only a start of a program on trial counts.
func (t *stepper) start(broken []Slot) []Effect {
	if t.s.Trial != nil && slices.Contains(broken, t.s.Trial.Slot) {
		t.back(MarkUnproven, lostText(*t.s.In(t.s.Trial.Slot)))
	}
	if t.s.Trial != nil && t.s.Trial.Tries >= MaxTries {
		t.back(MarkUnproven, unprovenText(t.s.Trial))
	}
	var effects []Effect
	if t.s.PutBack != 0 {
		effects = append(effects, PutBack{t.s.PutBack})
	}
	if trial := t.s.Trial; trial != nil {
		p := t.s.In(trial.Slot)
		if trial.Tries == 0 {
			effects = append(effects, Snapshot{p.Sequence})
			t.report(*p, OutcomeTrying, Text{})
		}
		trial.Tries++
		return append(effects, Run{trial.Slot, true, t.s.Level})
	}
	return append(effects, t.confirmedChoice(broken))
}

// confirmedChoice is the current program, or while its file is missing what
// else reads the data. Nothing is demoted: the next start looks again.
func (t *stepper) confirmedChoice(broken []Slot) Effect {
	for _, slot := range []Slot{t.s.Current, t.s.Previous, Factory} {
		p := t.s.In(slot)
		if p == nil || slices.Contains(broken, slot) || !p.Formats.Covers(t.s.Level) {
			continue
		}
		if slot != t.s.Current {
			t.reportOnce(*t.s.In(t.s.Current), OutcomeFailed, insteadText(*t.s.In(t.s.Current), *p))
		}
		return Run{slot, false, t.s.Level}
	}
	return Stuck{stuckText(*t.s.In(t.s.Current))}
}

// reportOnce reports unless the last report said the same.
func (t *stepper) reportOnce(p Installed, outcome string, reason Text) {
	if n := len(t.s.Reports); n > 0 {
		last := t.s.Reports[n-1]
		if last.Sequence == p.Sequence && last.Outcome == outcome && last.Reason == reason.bounded() {
			return
		}
	}
	t.report(p, outcome, reason)
}

// confirmed makes the program on trial the current one. The level rises to what
// it writes, but only as far as the program to go back to reads.
func (t *stepper) confirmed(sum Hash) {
	trial := t.s.Trial
	if trial == nil || t.s.In(trial.Slot).SHA256 != sum {
		return
	}
	p := *t.s.In(trial.Slot)
	if t.s.Current != trial.Slot {
		t.s.Previous, t.s.Current = t.s.Current, trial.Slot
	}
	t.s.Trial = nil
	t.s.Highest = max(t.s.Highest, p.Sequence)
	level := p.Formats.Writes
	if t.s.Previous != "" {
		level = min(level, t.s.In(t.s.Previous).Formats.Reads[1])
	}
	t.s.Level = max(t.s.Level, level)
	t.unmark(sum)
	t.report(p, OutcomeConfirmed, Text{})
}

func (t *stepper) failed(e Failed) {
	trial := t.s.Trial
	if trial == nil || t.s.In(trial.Slot).SHA256 != e.SHA256 {
		return // a confirmed program: the launcher starts it again
	}
	trial.Failures++
	trial.Last = e.Reason.bounded()
	if trial.Failures >= maxFailures || e.Late {
		t.back(MarkFailed, e.Reason)
	}
}

// back ends a trial; the current program is what starts next.
func (t *stepper) back(why string, reason Text) {
	slot := t.s.Trial.Slot
	p := *t.s.In(slot)
	t.s.Trial = nil
	t.s.PutBack = p.Sequence
	if slot == t.s.Current { // the package's program, which is all there is
		t.report(p, OutcomeFailed, reason)
		return
	}
	if slot != Factory {
		t.s.put(slot, nil)
	}
	t.mark(p, why, reason)
	t.report(p, OutcomeRolledBack, reason)
}

func (t *stepper) rollback() []Effect {
	if trial := t.s.Trial; trial != nil && trial.Slot != t.s.Current {
		t.back(MarkUser, handText())
		return nil
	}
	p := t.s.In(t.s.Previous)
	switch {
	case p == nil:
		return []Effect{No{refuse(ReasonNoPrevious, text(
			"Không có phiên bản trước để quay lại. Hãy dùng gói cập nhật.",
			"no earlier program is kept to go back to; apply a bundle instead"))}}
	case !p.Formats.Covers(t.s.Level):
		return []Effect{No{refuse(ReasonFormats, text(
			"Phiên bản trước (%s) không đọc được dữ liệu hiện tại (mức %d) nên không thể quay lại.",
			"the earlier program %s does not read the data, which are at level %d; stay, or apply a bundle", p.Version, t.s.Level))}}
	}
	old := *t.s.In(t.s.Current)
	t.s.Current, t.s.Previous = t.s.Previous, t.s.Current
	t.s.Trial = nil
	t.unmark(t.s.In(t.s.Current).SHA256)
	t.mark(old, MarkUser, handText())
	t.report(old, OutcomeRolledBack, handText())
	return nil
}

// Free is the slot that the next program goes to: not the current one, and
// rather not the one to go back to.
func (s State) Free() Slot {
	switch {
	case s.Current == SlotA:
		return SlotB
	case s.Current == SlotB:
		return SlotA
	case s.Previous == SlotA:
		return SlotB
	}
	return SlotA
}
