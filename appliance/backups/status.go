package backups

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

const statusVersion = 1

// maxStatus bounds the status file in bytes.
const maxStatus = 256 << 10

// Kind of a place.
type Kind string

// The kinds.
const (
	Local Kind = "local" // on the disk the station lies on: helps against mistakes, not against the disk's death
	Disk  Kind = "disk"  // another disk of this PC
	Stick Kind = "stick" // a medium that can be taken away
)

// Problem says in one word why a place has no good copy of this night; the pages
// have a sentence for each.
type Problem string

// The problems.
const (
	Fine     Problem = ""
	NoRoom   Problem = "no_room"
	Damaged  Problem = "damaged"   // a copy, or the medium
	ReadOnly Problem = "read_only" // write-protected
	Gone     Problem = "gone"      // taken away while it was written
	Failed   Problem = "failed"    // anything else; Error says what
	Unproven Problem = "unproven"  // copied, but there was no room to prove it by restoring
)

// Proven says how far the newest copy of a place is proven.
type Proven string

// The proofs, the strongest last.
const (
	Not      Proven = "no"
	Read     Proven = "read"     // read back whole from the medium: files, chains, checkpoint
	Restored Proven = "restored" // restored, opened and folded anew: the same register
)

// Status of the copies: version 1 of status.json.
type Status struct {
	Version int           `json:"version"`
	Station uint32        `json:"station"`
	Tried   time.Time     `json:"tried,omitzero"` // last run, by the station's clock
	Running bool          `json:"-"`
	Places  []PlaceStatus `json:"places"`
}

// PlaceStatus is one place of copies.
type PlaceStatus struct {
	Dir      string    `json:"dir"`
	Label    string    `json:"label,omitempty"`
	Kind     Kind      `json:"kind"`
	There    bool      `json:"there"` // at the last run
	Copies   int       `json:"copies"`
	Bytes    int64     `json:"bytes"` // all copies together
	Sequence uint64    `json:"sequence"`
	Made     time.Time `json:"made,omitzero"` // newest copy, by the station's clock
	Proven   Proven    `json:"proven"`
	ProvenAt time.Time `json:"proven_at,omitzero"`
	Oldest   time.Time `json:"oldest_proven_at,omitzero"` // when an older copy was proven by restoring
	Problem  Problem   `json:"problem,omitempty"`
	Error    string    `json:"error,omitempty"`
	HasKeys  bool      `json:"has_keys"` // keys.sealed lies with it: a recovery code opens it
}

// Age is how old the newest copy is; ok is false when there is none, or the clock
// stands before it.
func (p PlaceStatus) Age(now time.Time) (age time.Duration, ok bool) {
	if p.Made.IsZero() || now.Before(p.Made) {
		return 0, false
	}
	return now.Sub(p.Made), true
}

// Best is the place whose newest proven copy is the newest of all; ok is false when
// nothing is proven.
func (s Status) Best() (best PlaceStatus, ok bool) {
	for _, p := range s.Places {
		if p.Proven != Not && p.Proven != "" && (!ok || p.Made.After(best.Made)) {
			best, ok = p, true
		}
	}
	return best, ok
}

// provenLast says whether the last run proved a copy anywhere.
func (s Status) provenLast() bool {
	for _, p := range s.Places {
		if p.Proven != Not && !p.ProvenAt.IsZero() && p.ProvenAt.Equal(s.Tried) {
			return true
		}
	}
	return false
}

// Elsewhere says whether some proven copy lies on another medium than the station.
func (s Status) Elsewhere() bool {
	for _, p := range s.Places {
		if p.Kind != Local && p.Proven != Not && p.Proven != "" {
			return true
		}
	}
	return false
}

// ReadStatus reads a status file; none yet is the zero Status. A damaged one too:
// the next run writes it again.
func ReadStatus(fsys journal.FS, name string) (Status, error) {
	if fsys == nil {
		fsys = journal.OS
	}
	b, err := journal.ReadFile(fsys, name, maxStatus)
	if errors.Is(err, fs.ErrNotExist) {
		return Status{}, nil
	}
	if err != nil && !errors.Is(err, journal.ErrTooLarge) {
		return Status{}, fmt.Errorf("read the state of the backups: %w", err)
	}
	s, err := parseStatus(b)
	if err != nil {
		return Status{}, nil
	}
	return s, nil
}

func parseStatus(b []byte) (Status, error) {
	var s Status
	if len(b) > maxStatus {
		return s, errors.New("status is too long")
	}
	if err := store.Unseal(b, &s); err != nil {
		return Status{}, err
	}
	if s.Version != statusVersion {
		return Status{}, fmt.Errorf("status version %d", s.Version)
	}
	return s, nil
}
