package update

import (
	"fmt"
	"time"

	"tramxa/appliance/sealed"
)

const (
	stateFormat = "tramxa-slots"
	maxState    = 128 << 10

	// MaxTries is how many starts a program on trial gets that end without a
	// verdict: power cuts, a machine that stands still.
	MaxTries = 3
	// maxFailures is how many starts of a program on trial may fail.
	maxFailures = 2

	maxMarks   = 16
	maxReports = 32
)

// Slot is a place for a program.
type Slot string

// The slots. Factory is the copy that the package has put there, which is the
// launcher itself; only the package replaces it.
const (
	SlotA   Slot = "a"
	SlotB   Slot = "b"
	Factory Slot = "factory"
)

// Installed is a program in a slot.
type Installed struct {
	Sequence uint64  `json:"sequence"` // 0: a development build
	Version  string  `json:"version"`
	SHA256   Hash    `json:"sha256"`
	Size     int64   `json:"size"`
	Formats  Formats `json:"formats"`
}

// Trial is a program that has not yet proved itself. Only its starts count.
type Trial struct {
	Slot     Slot `json:"slot"`
	Tries    int  `json:"tries"`    // starts
	Failures int  `json:"failures"` // of them, those that failed while the launcher looked on
	Last     Text `json:"last"`     // the last failure
}

// Why a program is marked.
const (
	MarkFailed   = "failed"   // it failed on trial
	MarkUnproven = "unproven" // its trial was cut short each time
	MarkUser     = "user"     // somebody went back by hand
)

// Mark keeps a program from being taken again by itself.
type Mark struct {
	Sequence uint64    `json:"sequence"`
	Version  string    `json:"version"`
	SHA256   Hash      `json:"sha256"`
	Why      string    `json:"why"`
	Times    int       `json:"times"`
	Reason   Text      `json:"reason"`
	At       time.Time `json:"at"`
}

// Outcomes of a Report, as the province counts them.
const (
	OutcomeStaged     = "staged"
	OutcomeTrying     = "trying"
	OutcomeConfirmed  = "confirmed"
	OutcomeRolledBack = "rolled_back"
	OutcomeRefused    = "refused"
	OutcomeFailed     = "failed"
)

// Report is one thing that the province is told.
type Report struct {
	Number   uint64    `json:"number"` // grows
	Sequence uint64    `json:"sequence"`
	Version  string    `json:"version"`
	Outcome  string    `json:"outcome"`
	Reason   Text      `json:"reason"`
	At       time.Time `json:"at"` // by this machine's clock
}

// State is what a machine remembers about its programs. It is changed by Step
// alone.
type State struct {
	Format  string `json:"format"` // "tramxa-slots"
	Version int    `json:"version"`

	Level    int    `json:"level"`    // data-format level that is written
	Highest  uint64 `json:"highest"`  // sequence ever confirmed
	KeySet   int    `json:"key_set"`  // highest number seen in a verified release, 0 none
	KeysHash Hash   `json:"key_hash"` // of that key set

	Current  Slot       `json:"current"`  // runs when nothing is on trial
	Previous Slot       `json:"previous"` // kept to go back to; "" none
	A        *Installed `json:"a"`
	B        *Installed `json:"b"`
	Factory  *Installed `json:"factory"`  // as the launcher last saw itself
	Launcher string     `json:"launcher"` // where its file lies
	Trial    *Trial     `json:"trial"`
	PutBack  uint64     `json:"put_back"` // small files are to be looked after: the sequence whose trial failed

	Marks   []Mark   `json:"marks"`   // newest last
	Reports []Report `json:"reports"` // not yet told, oldest first
	Count   uint64   `json:"count"`   // number of the last report
	Root    string   `json:"root"`    // what was last reported of a root: "12 confirmed"
}

// In returns the program in a slot, nil when there is none.
func (s State) In(slot Slot) *Installed {
	switch slot {
	case SlotA:
		return s.A
	case SlotB:
		return s.B
	case Factory:
		return s.Factory
	}
	return nil
}

func (s *State) put(slot Slot, p *Installed) {
	switch slot {
	case SlotA:
		s.A = p
	case SlotB:
		s.B = p
	case Factory:
		s.Factory = p
	}
}

// mark finds the mark of a program.
func (s State) mark(sum Hash) *Mark {
	for i := range s.Marks {
		if s.Marks[i].SHA256 == sum {
			return &s.Marks[i]
		}
	}
	return nil
}

// check says what cannot be in a state that Step made.
func (s State) check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: state of the slots: "+format, append([]any{ErrFormat}, args...)...)
	}
	switch {
	case s.Format != stateFormat || s.Version != 1:
		return bad("format %q version %d; this program knows %q version 1", s.Format, s.Version, stateFormat)
	case s.Level < 1 || s.KeySet < 0 || s.KeySet > maxChain:
		return bad("level %d, key set %d", s.Level, s.KeySet)
	case s.Factory == nil || s.In(s.Current) == nil:
		return bad("no program in slot %q", s.Current)
	case s.Previous != "" && (s.Previous == s.Current || s.In(s.Previous) == nil):
		return bad("nothing to go back to in slot %q", s.Previous)
	case s.Trial != nil && (s.In(s.Trial.Slot) == nil || s.Trial.Slot == s.Current && s.Current != Factory):
		return bad("nothing on trial in slot %q", s.Trial.Slot)
	case s.Trial != nil && (s.Trial.Tries < 0 || s.Trial.Tries > MaxTries || s.Trial.Failures < 0 || s.Trial.Failures > maxFailures):
		return bad("%d tries, %d failures", s.Trial.Tries, s.Trial.Failures)
	case len(s.Marks) > maxMarks || len(s.Reports) > maxReports:
		return bad("%d marks, %d reports", len(s.Marks), len(s.Reports))
	}
	return nil
}

// marshal writes the state as canonical JSON in the form of package sealed.
func (s State) marshal() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	b, err := canonical(s)
	if err != nil {
		return nil, err
	}
	return sealed.Sum(b), nil
}

// parseState reads what marshal wrote.
func parseState(b []byte) (State, error) {
	body, err := sealed.Body(b)
	if err != nil {
		return State{}, fmt.Errorf("%w: state of the slots: %w", ErrFormat, err)
	}
	var s State
	if err := decode("state of the slots", body, maxState, &s); err != nil {
		return State{}, err
	}
	return s, s.check()
}
