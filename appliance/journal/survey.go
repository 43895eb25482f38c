package journal

import (
	"context"
	"errors"
	"fmt"
)

// survey goes over the segments of a directory in order, checks that each begins
// where the one before ended, and notes what does not. Open and Verify share it.
type survey struct {
	o        Options
	genesis  Genesis
	full     bool // look into sealed segments too, not only at header and seal
	names    []string
	next     Seq  // the sequence that must come next
	hash     Hash // the chain before it
	known    bool // hash holds: no damage since the last header
	segments []segment
	damage   []*Damage
	last     *inspection // of the newest segment, when it is not sealed and not damaged at its end
	dropped  string      // newest file, whose header was never finished
	records  uint64
	buf      []byte
}

func newSurvey(o Options, g Genesis, full bool) (*survey, error) {
	s := &survey{o: o, genesis: g, full: full, next: 1, hash: Base(g, o.Lane), known: true}
	names, err := o.FS.ReadDir(o.Dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, ok := segmentNumber(name); ok {
			s.names = append(s.names, name)
		}
	}
	return s, nil
}

// run looks at every segment; seen is told after each. Damage is collected, an
// error is what kept it from looking.
func (s *survey) run(ctx context.Context, seen func(name string)) error {
	for i, name := range s.names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.segment(ctx, name, i == len(s.names)-1); err != nil {
			return err
		}
		seen(name)
	}
	return nil
}

func (s *survey) segment(ctx context.Context, name string, newest bool) error {
	h, err := s.o.header(name)
	if errors.Is(err, errBytes) {
		return s.noHeader(name, newest)
	}
	if errors.Is(err, ErrFormat) {
		return fmt.Errorf("segment %s: %w", name, err)
	}
	if err != nil {
		return s.unreadable(name, err)
	}
	want := s.genesis.Origin
	want.Lane = s.o.Lane
	if number, _ := segmentNumber(name); h.origin != want || h.number != number {
		return fmt.Errorf("%w: segment %s belongs to another journal", ErrFormat, name)
	}
	sealer, err := newSealer(h, s.o.Key)
	if err != nil {
		return err
	}
	s.link(h)
	if !s.full && s.sealed(h) {
		return nil
	}
	if s.buf, err = s.o.readRange(name, 0, -1, s.buf); err != nil {
		return s.unreadable(name, err)
	}
	in, err := inspect(ctx, s.buf, h, sealer, s.o.Secret)
	if err != nil {
		return err
	}
	s.take(in)
	return nil
}

// link checks that the segment with header h begins where the one before ended.
func (s *survey) link(h header) {
	name := segmentName(h.number)
	if n := len(s.damage); n > 0 && s.damage[n-1].From != 0 && s.next == s.damage[n-1].From {
		s.settle(s.damage[n-1], h.first)
	}
	switch {
	case h.first > s.next:
		s.add(&Damage{Segment: name, From: s.next, To: h.first - 1, Cause: "records before it are missing, seen"})
	case h.first < s.next:
		s.add(&Damage{Segment: name, From: h.first, To: s.next - 1, Cause: "two segments hold the same records, seen"})
	case s.known && h.pre != s.hash:
		s.add(&Damage{Segment: name, From: h.first, To: h.first, Cause: "the chain does not meet the segment before"})
	}
	s.next, s.hash, s.known = h.first, h.pre, true
}

// settle gives the damage at the end of a segment its last sequence, now that the
// next segment states its first.
func (s *survey) settle(d *Damage, first Seq) {
	d.Open = false
	if first <= d.From {
		d.From, d.To = 0, 0
		return
	}
	d.To = first - 1
	s.next = first
	s.known = false
}

func (s *survey) add(d *Damage) { s.damage = append(s.damage, d) }

// sealed trusts the header and signed trailer of a segment that ends with one.
func (s *survey) sealed(h header) bool {
	size, err := s.o.FS.Stat(s.o.path(segmentName(h.number)))
	if err != nil || size < headerLen+trailerLen {
		return false
	}
	b, err := s.o.readRange(segmentName(h.number), size-trailerLen, size, nil)
	if err != nil {
		return false
	}
	t, err := parseTrailer(b, 0)
	if err != nil || t.verify(h, s.genesis.Key) != nil {
		return false
	}
	s.segments = append(s.segments, segment{header: h, last: t.last, end: size - trailerLen, sealed: true})
	s.next, s.hash, s.last = t.last+1, t.post, nil
	return true
}

// take notes what the inspection of one segment found.
func (s *survey) take(in *inspection) {
	s.damage = append(s.damage, in.damage...)
	s.records += in.records
	s.next, s.hash, s.known, s.last = in.chain.Seq+1, in.chain.Hash, in.known, nil
	switch {
	case in.ending == endSealed:
		s.checkSeal(in)
		in.sealed = true
	case in.ending != endBad:
		s.last = in
	}
	s.segments = append(s.segments, in.segment)
}

func (s *survey) checkSeal(in *inspection) {
	d := &Damage{Segment: in.name(), Offset: in.end, Length: trailerLen}
	err := in.trailer.verify(in.header, s.genesis.Key)
	switch {
	case err != nil:
		d.Cause = "the seal's signature does not verify"
	case in.known && in.trailer.post != in.chain.Hash:
		d.From, d.To, d.Cause = in.header.first, in.last, "the chain does not end in the sealed hash"
	default:
		s.hash, s.known = in.trailer.post, true
		return
	}
	s.add(d)
}

// unreadable notes a file that the disk does not give back, and goes on when
// everything is to be looked at. At a start it ends the attempt: another may succeed.
func (s *survey) unreadable(name string, err error) error {
	if !s.full {
		return err
	}
	size, _ := s.o.FS.Stat(s.o.path(name)) // 0 will do when that fails too
	s.add(&Damage{Segment: name, From: s.next, To: s.next, Open: true, Length: size, Cause: "the file cannot be read"})
	s.known, s.last = false, nil
	return nil
}

// noHeader handles a file without a sound header. The newest one, empty beyond
// it, is a segment whose creation the power cut; it never held a record.
func (s *survey) noHeader(name string, newest bool) error {
	seg, err := s.o.readRange(name, 0, -1, s.buf)
	if err != nil {
		return s.unreadable(name, err)
	}
	s.buf = seg
	if newest && unfinished(seg, 0, headerLen, 0) && zeroIn(seg, headerLen, len(seg)) {
		s.dropped = name
		return nil
	}
	d := &Damage{Segment: name, From: s.next, To: s.next, Length: int64(len(seg)), Cause: "the header does not verify"}
	off := 0
	for next := s.next; ; {
		at, first, found := resync(seg, off, next)
		if !found {
			break
		}
		if f, err := parseFrame(seg, at); err == nil {
			off, next = f.end(), f.last()+1
		} else {
			off, next = at+trailerLen, first
		}
		d.To = max(d.To, next-1)
	}
	d.Open = off == 0 || !zeroIn(seg, off, len(seg))
	s.add(d)
	s.known, s.last = false, nil
	return nil
}
