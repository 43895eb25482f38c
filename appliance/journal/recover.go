package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Recovery says what Open found and did.
type Recovery struct {
	Head     Seq    // last durable record
	Hash     Hash   // of the chain at Head
	Segments int    // files
	Torn     int64  // bytes of an unfinished group that were cut off; nothing of it was answered
	TornFile string // where they were kept, a name in the directory; "" when there was no room or nothing
	Dropped  string // a segment file whose creation was cut; it held nothing
	Damage   *Damage
}

// repair leaves the directory so that the next segment can follow: what the
// newest segment holds is made durable, what a power cut left behind it is kept
// aside and cut off. It may be cut itself at any point and run again.
func (s *survey) repair(r *Recovery) error {
	if s.dropped != "" {
		if err := s.remove(s.dropped); err != nil {
			return err
		}
		r.Dropped = s.dropped
	}
	if s.last == nil {
		return nil
	}
	seg, err := s.o.readRange(s.last.name(), 0, -1, nil)
	if err != nil {
		return err
	}
	if err := s.keepTorn(r, seg); err != nil {
		return err
	}
	if r.Torn > 0 && r.TornFile == "" {
		return s.refresh(seg, int64(len(seg))) // no room: the tail stays where it is
	}
	if s.last.empty() {
		s.segments = s.segments[:len(s.segments)-1]
		return s.remove(s.last.name())
	}
	return s.refresh(seg, s.last.end)
}

// keepTorn writes the bytes behind the last good frame to a file of their own.
func (s *survey) keepTorn(r *Recovery, seg []byte) error {
	tail := seg[s.last.end:]
	tail = tail[:contentEnd(tail)]
	if len(tail) == 0 {
		return nil
	}
	r.Torn = int64(len(tail))
	name := s.last.name() + tornSuffix
	err := WriteFileAtomic(s.o.FS, s.o.path(name), tail, filePerm)
	if err != nil && !isNoSpace(err) {
		return fmt.Errorf("keep the torn tail: %w", err)
	}
	if err == nil {
		r.TornFile = name
	}
	s.o.Log.Warn("journal: unfinished group cut off", "segment", s.last.name(), "bytes", r.Torn, "kept", err == nil)
	return nil
}

// refresh writes the last frame once more over itself and syncs. What was read
// may be in the page cache only: the process may have died before the sync, or
// the sync may have failed and the kernel counts the pages as clean. Only the
// last frame can be in that state, because a failed sync stops the journal.
func (s *survey) refresh(seg []byte, size int64) error {
	f, err := s.o.FS.OpenFile(s.o.path(s.last.name()), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if at := int64(s.last.frameAt); at > 0 {
		if _, err := f.WriteAt(seg[at:s.last.end], at); err != nil {
			return fmt.Errorf("make the last group durable: %w", err)
		}
	}
	if size < int64(len(seg)) {
		if err := f.Truncate(size); err != nil {
			return fmt.Errorf("cut the tail: %w", err)
		}
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("make the last group durable: %w", err)
	}
	return nil
}

func (s *survey) remove(name string) error {
	if err := s.o.FS.Remove(s.o.path(name)); err != nil {
		return err
	}
	return s.o.FS.SyncDir(s.o.Dir)
}

// lastNumber is the highest number a segment file has, dropped ones not counted.
func (s *survey) lastNumber() uint32 {
	if len(s.names) == 0 {
		return 0
	}
	n, _ := segmentNumber(s.names[len(s.names)-1])
	return n
}

// newHeader makes the header of the segment that follows, under a salt of its own.
func (o Options) newHeader(g Genesis, number uint32, next Seq, pre Hash) (header, error) {
	h := header{origin: g.Origin, number: number, keyID: o.Key.ID, first: next, pre: pre}
	h.origin.Lane = o.Lane
	if _, err := io.ReadFull(o.salts, h.salt[:]); err != nil {
		return header{}, errors.Join(errors.New("no randomness for a segment's salt"), err)
	}
	check, err := keyCheck(o.Key, h.salt)
	h.check = check
	return h, err
}
