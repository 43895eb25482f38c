package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"tramxa/appliance/journal"
)

// Cursor is what the hub has acknowledged of lane 0: every record up to Seq is
// committed and applied there. It can be lost: the hub's next welcome states it
// again.
type Cursor struct {
	Seq  journal.Seq
	Hash journal.Hash // h(Seq)
	At   time.Time    // when, by the hub's clock; zero: never
}

// cursorFile is its JSON, version 1, frozen.
type cursorFile struct {
	Version int         `json:"version"`
	Seq     journal.Seq `json:"sequence"`
	Chain   hexHash     `json:"chain"`
	At      int64       `json:"hub_time"` // seconds since 1970 UTC
}

const cursorVersion = 1

// ErrCursor means that an acknowledgement does not fit this journal.
var ErrCursor = errors.New("acknowledgement does not fit this journal")

func readCursor(fsys journal.FS, dir string) (c Cursor, ok bool, err error) {
	b, err := journal.ReadFile(fsys, filepath.Join(dir, cursorName), 4096)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, journal.ErrTooLarge) {
		return c, errors.Is(err, fs.ErrNotExist), nil
	}
	if err != nil {
		return c, false, fmt.Errorf("read cursor: %w", err)
	}
	var f cursorFile
	if unseal(b, &f) != nil || f.Version != cursorVersion {
		return c, false, nil
	}
	return Cursor{Seq: f.Seq, Hash: journal.Hash(f.Chain), At: fromUnix(f.At)}, true, nil
}

func writeCursor(fsys journal.FS, dir string, c Cursor) error {
	f := cursorFile{Version: cursorVersion, Seq: c.Seq, Chain: hexHash(c.Hash)}
	if !c.At.IsZero() {
		f.At = c.At.Unix()
	}
	b, err := seal(f)
	if err != nil {
		return err
	}
	return journal.WriteFileAtomic(fsys, filepath.Join(dir, cursorName), b, 0o600)
}

func fromUnix(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

// Acked returns the cursor.
func (s *Store) Acked() Cursor {
	s.cursorMu.Lock()
	defer s.cursorMu.Unlock()
	return s.cursor
}

// SetAcked moves the cursor; the move is durable when nil is returned. It may
// move back: a hub restored from an old backup wants records again. ErrCursor:
// the hub has what this journal does not hold, so one of the two is a copy.
func (s *Store) SetAcked(c Cursor) error {
	s.cursorMu.Lock()
	defer s.cursorMu.Unlock()
	if head, _ := s.lanes[journal.LaneRegister].Head(); c.Seq > head {
		return fmt.Errorf("%w: the hub has record %d, this journal ends at %d", ErrCursor, c.Seq, head)
	}
	hash, err := s.lanes[journal.LaneRegister].HashAt(c.Seq)
	if err != nil {
		return err
	}
	if hash != c.Hash {
		return fmt.Errorf("%w: another record %d is at the hub", ErrCursor, c.Seq)
	}
	if err := writeCursor(s.fs, s.dir, c); err != nil {
		return fmt.Errorf("write cursor: %w", err)
	}
	s.cursor = c
	s.announce()
	return nil
}
