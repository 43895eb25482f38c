package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Read calls fn for the records from the sequence from (0 counts as 1) up to the
// head at the time of the call, in order. It holds at most one segment in memory
// and may run while the writer appends. Head and Body alias a buffer and are
// valid only until fn returns: keep copies. fn's error ends it and is returned as
// it is; bytes that do not verify are a *Damage.
func (j *Journal) Read(ctx context.Context, from Seq, fn func(Record) error) error {
	from = max(from, 1)
	segments, head := j.table()
	i, found := slices.BinarySearchFunc(segments, from, func(s segment, seq Seq) int {
		switch {
		case s.last < seq:
			return -1
		case s.header.first > seq:
			return 1
		}
		return 0
	})
	if !found {
		i = len(segments) // only when from is beyond the head
	}
	var buf []byte
	for ; i < len(segments) && from <= head; i++ {
		s := segments[i]
		if s.empty() {
			continue
		}
		var err error
		if buf, err = j.readSegment(ctx, s, s.markBefore(from-1), buf, func(f frame, plain []byte) error {
			if f.last() < from {
				return nil
			}
			return eachRecord(f, plain, func(r Record) error {
				if r.Seq < from {
					return nil
				}
				return fn(r)
			})
		}); err != nil {
			return err
		}
		from = s.last + 1
	}
	return nil
}

// table is a copy of the segments and the head, of one moment.
func (j *Journal) table() ([]segment, Seq) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return slices.Clone(j.segments), j.chain.Seq
}

// readSegment visits the frames of s behind m up to s.end and returns the buffer
// it used, for the next.
func (j *Journal) readSegment(ctx context.Context, s segment, m mark, buf []byte, visit func(frame, []byte) error) ([]byte, error) {
	sealer, err := newSealer(s.header, j.o.Key)
	if err != nil {
		return buf, err
	}
	buf, err = j.o.readRange(s.name(), m.off, s.end, buf)
	if err != nil {
		return buf, err
	}
	end, next, _, err := walk(ctx, buf, 0, m.seq+1, sealer, visit)
	if err != nil {
		return buf, err
	}
	if end != len(buf) || next != s.last+1 {
		d := &Damage{Segment: s.name(), From: next, To: s.last, Offset: m.off + int64(end),
			Length: int64(len(buf) - end), Cause: "a frame does not verify"}
		if at, first, found := resync(buf, min(end+1, len(buf)), next+1); found {
			d.To, d.Length = first-1, int64(at-end)
		}
		return buf, d
	}
	return buf, nil
}

// errEnough ends a walk early; it never leaves the package.
var errEnough = errors.New("enough")

// HashAt is the chain's hash after the record seq; at 0 it is Base. A sequence
// beyond the head is ErrNotFound.
func (j *Journal) HashAt(seq Seq) (Hash, error) {
	head, hash := j.Head()
	switch {
	case seq == head:
		return hash, nil
	case seq > head:
		return Hash{}, fmt.Errorf("%w: %d is beyond the head %d", ErrNotFound, seq, head)
	}
	segments, _ := j.table()
	for _, s := range segments {
		if s.header.first == seq+1 {
			return s.header.pre, nil
		}
		if s.header.first <= seq && seq < s.last {
			return j.hashIn(context.Background(), s, seq)
		}
	}
	return Hash{}, fmt.Errorf("%w: %d", ErrNotFound, seq)
}

// hashIn follows the chain inside s from the nearest mark, and leaves marks for
// the next time.
func (j *Journal) hashIn(ctx context.Context, s segment, seq Seq) (Hash, error) {
	m := s.markBefore(seq)
	if m.seq == seq {
		return m.hash, nil
	}
	chain := Chain{Secret: j.o.Secret, Lane: j.o.Lane, Seq: m.seq, Hash: m.hash}
	marks := slices.Clone(s.marks)
	_, err := j.readSegment(ctx, s, m, nil, func(f frame, plain []byte) error {
		if err := eachRecord(f, plain, func(r Record) error {
			if chain.Add(r.Head, r.Body); r.Seq == seq {
				return errEnough
			}
			return nil
		}); err != nil {
			return err
		}
		if len(marks) == 0 || marks[len(marks)-1].seq < chain.Seq {
			marks = addMark(marks, mark{chain.Seq, chain.Hash, m.off + int64(f.end())})
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		if err == nil {
			err = fmt.Errorf("%w: %d", ErrNotFound, seq)
		}
		return Hash{}, err
	}
	j.keepMarks(s.header.number, marks)
	return chain.Hash, nil
}

// keepMarks remembers marks of a segment unless the writer has set more.
func (j *Journal) keepMarks(number uint32, marks []mark) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.segments {
		if s := &j.segments[i]; s.header.number == number && len(s.marks) < len(marks) && s.sealed {
			s.marks = marks
		}
	}
}
