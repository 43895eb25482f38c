package journal

import (
	"context"
	"errors"
	"fmt"
)

// Stretch names consecutive records of one epoch and lane, and the chain they
// follow on.
type Stretch struct {
	Epoch    Epoch
	Lane     Lane
	From, To Seq  // To 0: as many as there are
	Pre      Hash // of the chain before From
}

// Salvage visits what can be read of a damaged journal without changing it: every
// record of every frame that decrypts, in the order of the files, and every place
// of the chain that a header or a signed seal states. Records may be missing
// between two that are visited, and visited twice when two files hold them. A file
// without a sound header, or one the disk does not give back, is left out: without
// its header nothing in it can be decrypted. A record is valid only until the
// function returns; errors of both functions are returned as they are.
func Salvage(ctx context.Context, o Options, record func(Record) error, stated func(Seq, Hash) error) error {
	o = o.defaults()
	s, err := newSurvey(o, o.Genesis, true)
	if err != nil {
		return err
	}
	for _, name := range s.names {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := o.header(name)
		if err == nil {
			s.buf, err = o.readRange(name, 0, -1, s.buf)
		}
		switch {
		case errors.Is(err, ErrFormat):
			return fmt.Errorf("segment %s: %w", name, err)
		case err != nil:
			o.Log.Warn("journal: nothing can be saved from a segment", "segment", name, "cause", err)
			continue
		}
		want := o.Genesis.Origin
		want.Lane = o.Lane
		if h.origin != want {
			return fmt.Errorf("%w: segment %s belongs to another journal", ErrFormat, name)
		}
		if err := o.salvage(ctx, s.buf, h, record, stated); err != nil {
			return err
		}
	}
	return nil
}

// salvage visits one segment.
func (o Options) salvage(ctx context.Context, seg []byte, h header, record func(Record) error, stated func(Seq, Hash) error) error {
	sealer, err := newSealer(h, o.Key)
	if err != nil {
		return err
	}
	if err := stated(h.first-1, h.pre); err != nil {
		return err
	}
	visit := func(f frame, plain []byte) error {
		// First whether it parses to its end, then the records: a frame counts whole.
		if err := eachRecord(f, plain, func(Record) error { return nil }); err != nil {
			return err
		}
		return eachRecord(f, plain, record)
	}
	off, next := headerLen, h.first
	for {
		end, after, bad, err := walk(ctx, seg, off, next, sealer, visit)
		if err != nil {
			return err
		}
		if bad {
			end++
		}
		at, first, found := resync(seg, min(end, len(seg)), after)
		if !found {
			return nil
		}
		if t, err := parseTrailer(seg, at); err == nil {
			if t.verify(h, o.Genesis.Key) != nil {
				return nil
			}
			return stated(t.last, t.post)
		}
		off, next = at, first
	}
}
