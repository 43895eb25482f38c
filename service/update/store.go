package update

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"runtime"
	"time"

	"tramxa/appliance/journal"
)

// Layout of the directory of a Store:
//
//	state.json, state.copy   the state of the slots, twice
//	a/, b/                   the slots: tramxa[.exe] and release.json's documents
//	copies/<sha256>.zst      a second copy of the programs in the slots
//	incoming/                parts being fetched, a program being unpacked
//	before-<sequence>/       small files of the data as before a trial
//	root/                    of image machines: a root on its way to its partition
//	lock                     held while the state is changed
const (
	stateName = "state.json"
	copyName  = "state.copy"
	badName   = "state.bad"
	lockName  = "lock"
)

// DefaultChannel is what a machine takes when nothing else is said.
const DefaultChannel = "stable"

// Options of a Store. Dir is required.
type Options struct {
	Dir     string // place.Base.App, absolute
	Self    Build  // the launcher, which is the program of the package; zero in every other process
	Channel string // "": DefaultChannel

	// Small are files that are copied before a trial, by absolute name; those
	// that are not there are skipped. Never the journal.
	Small []string

	Trust   *Trust     // nil: BuiltIn
	FS      journal.FS // nil: journal.OS
	Machine *Machine   // nil: ThisMachine
	Now     func() time.Time
	Log     *slog.Logger
}

// Store is the directory of slots. Several processes may have it open; its
// methods may be called from any goroutine.
type Store struct {
	o     Options
	fs    journal.FS
	locks locker // of the state
	big   locker // of incoming, held while a program is unpacked
	start time.Time
}

// Open makes the directory if it is missing. It changes nothing else.
func Open(o Options) (*Store, error) {
	if o.Dir == "" || !o.Self.SHA256.IsZero() && o.Self.Formats.check() != nil {
		return nil, errors.New("open the slots: a directory, and of a launcher its build, are needed")
	}
	if o.Channel == "" {
		o.Channel = DefaultChannel
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Machine == nil {
		m := ThisMachine()
		o.Machine = &m
	}
	s := &Store{o: o, fs: o.FS, locks: &inProcess{}, big: &inProcess{}}
	if o.FS == nil {
		s.fs = journal.OS
		s.locks = &lockFile{name: s.path(lockName)}
		s.big = &lockFile{name: s.path("incoming", lockName)}
	}
	for _, dir := range []string{"", string(SlotA), string(SlotB), "copies", "incoming"} {
		if err := s.fs.MkdirAll(s.path(dir), 0o755); err != nil {
			return nil, fmt.Errorf("open the slots: %w", err)
		}
	}
	return s, nil
}

func (s *Store) path(elem ...string) string {
	return filepath.Join(append([]string{s.o.Dir}, elem...)...)
}

// programName is the name of the program's file in its slot.
func programName() string {
	if runtime.GOOS == "windows" {
		return "tramxa.exe"
	}
	return "tramxa"
}

// program returns the file in a slot.
func (s *Store) program(st State, slot Slot) string {
	if slot == Factory {
		return st.Launcher
	}
	return s.path(string(slot), programName())
}

// ErrNoState is returned where a machine has no state yet and this process is
// not its launcher, which makes it at the first start.
var ErrNoState = errors.New("the service has not run on this machine yet; start it first")

// factory is the launcher as a program in a slot.
func (s *Store) factory() Installed {
	b := s.o.Self
	return Installed{Sequence: b.Sequence, Version: b.Version, SHA256: b.SHA256, Size: b.Size, Formats: b.Formats}
}

func (s *Store) trust() (Trust, error) {
	if s.o.Trust != nil {
		return *s.o.Trust, nil
	}
	return BuiltIn()
}

// Trust is what this machine verifies bundles with: the keys in the program,
// and chains that reach the newest key set seen here.
func (s *Store) Trust() (Trust, error) {
	st, err := s.State()
	if err != nil {
		return Trust{}, err
	}
	return s.trustOf(st)
}

func (s *Store) trustOf(st State) (Trust, error) {
	t, err := s.trust()
	if err != nil {
		return Trust{}, err
	}
	return t.reaching(st.KeySet, st.KeysHash), nil
}

// State is what the machine remembers now.
func (s *Store) State() (State, error) {
	unlock, err := s.locks.lock()
	if err != nil {
		return State{}, err
	}
	defer unlock()
	return s.load()
}

// change loads the state, lets fn change it and saves it when it is another.
func (s *Store) change(fn func(State) (State, error)) error {
	unlock, err := s.locks.lock()
	if err != nil {
		return err
	}
	defer unlock()
	st, err := s.load()
	if err != nil {
		return err
	}
	next, err := fn(st)
	if err != nil {
		return err
	}
	return s.save(next)
}

// do is change by one event that asks for no effects.
func (s *Store) do(e Event) error {
	return s.change(func(st State) (State, error) {
		next, effects := Step(st, s.o.Now(), e)
		return next, refusalIn(effects)
	})
}

// refusalIn finds that an event was not possible.
func refusalIn(effects []Effect) error {
	for _, e := range effects {
		if no, ok := e.(No); ok {
			return no.Refusal
		}
	}
	return nil
}

// load reads the state from the first of its two files that is whole. Without
// either the machine is new, or the state is made again from what lies in the
// slots.
func (s *Store) load() (State, error) {
	damaged := false
	for _, name := range []string{stateName, copyName} {
		b, err := journal.ReadFile(s.fs, s.path(name), maxState+64)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			var st State
			if st, err = parseState(b); err == nil {
				return st, nil
			}
		}
		if !errors.Is(err, ErrFormat) && !errors.Is(err, journal.ErrTooLarge) {
			return State{}, fmt.Errorf("read the state of the slots: %w", err)
		}
		damaged = true
		s.o.Log.Error("state of the slots is damaged", "file", name, "err", err)
	}
	return s.rebuild(damaged)
}

// save writes both files; when the first is written, the change has happened.
func (s *Store) save(st State) error {
	b, err := st.marshal()
	if err != nil {
		return err
	}
	for _, name := range []string{stateName, copyName} {
		old, err := journal.ReadFile(s.fs, s.path(name), maxState+64)
		if err == nil && string(old) == string(b) {
			continue
		}
		if err := journal.WriteFileAtomic(s.fs, s.path(name), b, 0o600); err != nil {
			return fmt.Errorf("save the state of the slots: %w", err)
		}
	}
	return nil
}
