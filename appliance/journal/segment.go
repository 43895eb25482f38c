package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxSegmentFile bounds what is read of one segment: the size rule, one frame
// that a small SegmentSize could not hold, and the step of preallocation.
const maxSegmentFile = SegmentSz + maxFrameLen + AllocStep

// segment is what is kept in memory of a segment file: where it stands in the
// sequence and how far its frames go.
type segment struct {
	header header
	last   Seq   // of the records in it; header.first-1 when none
	end    int64 // offset after the last frame
	sealed bool
	marks  []mark
}

// mark is a place to begin reading at: the chain after record seq, whose frame
// ends at off.
type mark struct {
	seq  Seq
	hash Hash
	off  int64
}

// markStep is the least distance in bytes between two marks of a segment.
const markStep = 64 << 10

func (s *segment) name() string { return segmentName(s.header.number) }

func (s *segment) empty() bool { return s.last < s.header.first }

func (s *segment) start() mark { return mark{s.header.first - 1, s.header.pre, headerLen} }

// markBefore is the last mark from which the record after seq can still be reached.
func (s *segment) markBefore(seq Seq) mark {
	m := s.start()
	for _, c := range s.marks {
		if c.seq > seq {
			break
		}
		m = c
	}
	return m
}

// addMark keeps m when it is far enough behind the one before.
func addMark(marks []mark, m mark) []mark {
	before := int64(headerLen)
	if len(marks) > 0 {
		before = marks[len(marks)-1].off
	}
	if m.off-before < markStep {
		return marks
	}
	return append(marks, m)
}

// readRange returns the bytes [from, to) of a segment file, using buf when it is
// large enough; to < 0 is the end of the file.
func (o Options) readRange(name string, from, to int64, buf []byte) ([]byte, error) {
	f, err := o.FS.OpenFile(o.path(name), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if to < 0 {
		if to, err = f.Size(); err != nil {
			return nil, err
		}
	}
	if to-from > maxSegmentFile {
		return nil, fmt.Errorf("%w: segment %s", ErrTooLarge, name)
	}
	n := int(max(0, to-from))
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if err := readFull(f, buf, from); err != nil {
		return nil, fmt.Errorf("segment %s: %w", name, err)
	}
	return buf, nil
}

// walk visits the good frames of seg from off, decrypted in place. It stops
// without an error at the first bytes that are not the frame that must come next;
// bad then says that a frame with good checksums did not decrypt or parse.
// visit gets the frame and its plain records; its errors other than errBytes are
// returned.
func walk(ctx context.Context, seg []byte, off int, next Seq, s *sealer,
	visit func(frame, []byte) error) (end int, want Seq, bad bool, err error) {
	for {
		f, err := parseFrame(seg, off)
		if err != nil || f.first != next {
			return off, next, false, nil
		}
		if err := ctx.Err(); err != nil {
			return off, next, false, err
		}
		plain, err := s.open(seg, f)
		if err == nil {
			err = visit(f, plain)
		}
		if errors.Is(err, errBytes) {
			return off, next, true, nil
		}
		if err != nil {
			return off, next, false, err
		}
		off, next = f.end(), f.last()+1
	}
}

// inspection is what a full look at one segment found.
type inspection struct {
	segment
	chain   Chain // after the last good record in sequence; Hash holds only if known
	known   bool  // no damage broke the chain inside this segment
	ending  ending
	trailer trailer
	records uint64
	frameAt int // offset of the last good frame; 0 none
	damage  []*Damage
}

// inspect decrypts and chains every frame of a segment file's bytes and says how
// they end. It goes on after damage. seg is decrypted in place.
func inspect(ctx context.Context, seg []byte, h header, s *sealer, secret Secret) (*inspection, error) {
	in := &inspection{
		segment: segment{header: h, last: h.first - 1, end: headerLen},
		chain:   Chain{Secret: secret, Lane: h.origin.Lane, Seq: h.first - 1, Hash: h.pre},
		known:   true,
	}
	off := headerLen
	for {
		end, next, bad, err := walk(ctx, seg, off, in.chain.Seq+1, s, in.take)
		if err != nil {
			return nil, err
		}
		in.end = int64(end)
		if !bad {
			in.ending, in.trailer = after(seg, end, next)
			if in.ending != endBad {
				return in, nil
			}
		}
		off = in.skip(seg, end, next, bad)
		if off < 0 {
			in.ending = endBad
			return in, nil
		}
	}
}

// take adds the records of one good frame to the chain.
func (in *inspection) take(f frame, plain []byte) error {
	chain := in.chain
	err := eachRecord(f, plain, func(r Record) error {
		chain.Add(r.Head, r.Body)
		return nil
	})
	if err != nil {
		return err
	}
	in.chain, in.last, in.frameAt = chain, f.last(), f.off
	in.records += uint64(f.count)
	if in.known {
		in.marks = addMark(in.marks, mark{chain.Seq, chain.Hash, int64(f.end())})
	}
	return nil
}

// skip notes the damage at off and returns where good frames go on, or -1.
func (in *inspection) skip(seg []byte, off int, next Seq, bad bool) int {
	cause, from := "a frame does not verify", off
	if bad {
		cause, from = "a frame does not decrypt", off+1
	}
	d := &Damage{Segment: in.name(), From: next, To: next, Offset: int64(off), Cause: cause}
	if f, err := parseFrameHeader(seg, off); err == nil && f.first == next {
		d.To = f.last()
	}
	in.damage = append(in.damage, d)
	at, first, found := resync(seg, from, next)
	if !found {
		d.Length = int64(len(seg) - off)
		f, err := parseFrameHeader(seg, off)
		d.Open = err != nil || f.first != next || !zeroIn(seg, f.end(), len(seg))
		if off+trailerLen <= len(seg) && looksLikeTrailer(seg, off, next) {
			d.From, d.To, d.Open, d.Cause = 0, 0, false, "the seal does not verify"
		}
		return -1
	}
	d.Length, d.To = int64(at-off), first-1
	if first <= next { // only bytes between frames, or after a seal
		d.From, d.To, d.Cause = 0, 0, "bytes between frames"
	}
	in.known = in.known && d.From == 0
	in.chain.Seq = first - 1
	if t, err := parseTrailer(seg, at); err == nil && !allZero(seg[at+trailerLen:]) {
		d.Length = int64(len(seg) - off)
		in.last, in.end, in.trailer = t.last, int64(at), t
		return -1
	}
	return at
}

// header reads and parses the header of a segment file. errBytes when the file
// is too short or the header does not verify.
func (o Options) header(name string) (header, error) {
	f, err := o.FS.OpenFile(o.path(name), os.O_RDONLY, 0)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	b := make([]byte, headerLen)
	if err := readFull(f, b, 0); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return header{}, errBytes
		}
		return header{}, fmt.Errorf("segment %s: %w", name, err)
	}
	return parseHeader(b)
}
