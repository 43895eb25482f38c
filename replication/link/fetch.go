package link

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
)

// CapFetch is the capability of giving archived batches back. A station that
// names it in its hello wants a reading link: nothing can be sent over it, and it
// is opened also where a sending one is refused because the station is behind or
// beside what the hub holds. A hub that can do it names it in its welcome.
const CapFetch = "fetch"

// ErrNoFetch means that this hub cannot give records back.
var ErrNoFetch = errors.New("the hub's program cannot give records back; hint: update the hub")

// Archive is what a hub gives back to stations. Its method is called from the
// goroutines of many links at once.
type Archive interface {
	// Archived returns the batch of one lane that holds a sequence, as the hub
	// took it; nil when it holds none.
	Archived(ctx context.Context, s journal.Station, p Place) ([]byte, error)
}

// Place names a batch: the one of an epoch and lane that holds Seq.
type Place struct {
	Epoch journal.Epoch
	Lane  journal.Lane
	Seq   journal.Seq
}

// Reader is the station's end of a reading link as a pure step function: it asks
// for so many bytes as the line has shown to carry, and asks again when they have
// come. One batch at a time is under way. Not for concurrent use.
type Reader struct {
	limit  int
	window int
	place  Place
	under  bool   // a batch is under way
	size   int    // of the batch; 0: not known yet
	got    []byte // its first bytes
	wanted int    // offset where the present request ends
	asked  time.Duration
}

// NewReader begins after a welcome.
func NewReader(w Welcome) *Reader {
	limit := int(w.Window)
	if limit == 0 || limit > maxWindow {
		limit = FirstSlice
	}
	return &Reader{limit: limit, window: min(FirstSlice, limit)}
}

// ReadEvent is either a batch wanted, of which Got is held already from an
// earlier link, or a message received. At is the time since the link began; it
// sets the pace and nothing else.
type ReadEvent struct {
	At      time.Duration
	Want    *Place
	Got     []byte
	Message []byte
}

// ReadEffect is exactly one of: a message to send; the end of what was wanted, a
// batch or nil when the hub holds none; an error that ends the link.
type ReadEffect struct {
	Send  []byte
	Ended bool
	Batch []byte
	Err   error
}

// Got returns the bytes held of the batch under way.
func (r *Reader) Got() []byte { return r.got }

// Step takes one event.
func (r *Reader) Step(ev ReadEvent) []ReadEffect {
	if ev.Want != nil {
		if r.under {
			return []ReadEffect{{Err: errors.New("link: internal error: a batch is under way already")}}
		}
		r.place, r.under, r.size, r.got = *ev.Want, true, 0, ev.Got
		return r.ask(ev.At)
	}
	m, err := ParseMessage(ev.Message)
	if err == nil && (!r.under || m.Type != TypePiece || m.Stream != r.place.Lane || m.Seq != r.place.Seq || int(m.Offset) != len(r.got) ||
		(r.size != 0 && int(m.Size) != r.size) || len(r.got)+len(m.Data) > r.wanted) {
		err = fmt.Errorf("%w: an answer to nothing", ErrProtocol)
	}
	if err != nil {
		return []ReadEffect{{Err: err}}
	}
	r.size = int(m.Size)
	r.got = append(r.got, m.Data...)
	switch {
	case len(r.got) >= r.size: // all, or the hub holds none
		b := r.got
		r.under, r.got = false, nil
		return []ReadEffect{{Ended: true, Batch: b[:r.size:r.size]}}
	case len(r.got) < r.wanted:
		return nil
	}
	switch took := ev.At - r.asked; {
	case took <= quick:
		r.window = min(r.window*2, r.limit)
	case took > slow:
		r.window = max(r.window/2, min(FirstSlice, r.limit))
	}
	return r.ask(ev.At)
}

func (r *Reader) ask(at time.Duration) []ReadEffect {
	r.asked, r.wanted = at, len(r.got)+r.window
	if r.size > 0 {
		r.wanted = min(r.wanted, r.size)
	}
	m := Message{Type: TypeFetch, Stream: r.place.Lane, Epoch: r.place.Epoch, Seq: r.place.Seq, Offset: uint32(len(r.got)), Size: uint32(r.wanted - len(r.got))}
	return []ReadEffect{{Send: m.Marshal()}}
}

// Lender is the hub's end of a reading link as a pure step function. It keeps the
// batch asked for last. Not for concurrent use.
type Lender struct {
	want  *Message // waits for its batch
	place Place
	batch []byte
}

// LendEvent is either a message received or the batch looked for (Found true; nil
// when there is none).
type LendEvent struct {
	Message []byte
	Found   bool
	Batch   []byte
}

// LendEffect is exactly one of: a message to send; a batch to look for; an error
// that ends the link.
type LendEffect struct {
	Send []byte
	Look *Place
	Err  error
}

// Step takes one event.
func (l *Lender) Step(ev LendEvent) []LendEffect {
	if ev.Found {
		if l.want == nil || len(ev.Batch) > maxBatch {
			return []LendEffect{{Err: errors.New("link: internal error: a batch nobody asked for, or too large")}}
		}
		m := *l.want
		l.want, l.batch = nil, ev.Batch
		return l.pieces(m)
	}
	m, err := ParseMessage(ev.Message)
	if err == nil && (m.Type != TypeFetch || l.want != nil) {
		err = fmt.Errorf("%w: message type %d on a reading link", ErrProtocol, m.Type)
	}
	if err != nil {
		return []LendEffect{{Err: err}}
	}
	if p := (Place{Epoch: m.Epoch, Lane: m.Stream, Seq: m.Seq}); l.batch == nil || p != l.place {
		l.place, l.batch, l.want = p, nil, &m
		return []LendEffect{{Look: &p}}
	}
	return l.pieces(m)
}

// pieces answers one request.
func (l *Lender) pieces(m Message) (effects []LendEffect) {
	piece := Message{Type: TypePiece, Stream: m.Stream, Seq: m.Seq, Size: uint32(len(l.batch))}
	if len(l.batch) == 0 {
		return []LendEffect{{Send: piece.Marshal()}}
	}
	if int(m.Offset) >= len(l.batch) {
		return []LendEffect{{Err: fmt.Errorf("%w: bytes from %d of a batch of %d", ErrProtocol, m.Offset, len(l.batch))}}
	}
	step := maxSlice
	if m.Size <= FirstSlice {
		step = smallSlice
	}
	for off, end := int(m.Offset), min(int(m.Offset)+int(m.Size), len(l.batch)); off < end; off += step {
		piece.Offset, piece.Data = uint32(off), l.batch[off:min(off+step, end)]
		effects = append(effects, LendEffect{Send: piece.Marshal()})
	}
	return effects
}

// Fetch brings the batch that holds a sequence back from the hub; nil when the
// hub holds none. got is what an earlier link left of the same batch. After an
// error the link is closed and what has come so far is returned: give it to the
// next link. The batch is not verified yet.
func (c *Conn) Fetch(ctx context.Context, p Place, got []byte) ([]byte, error) {
	if c.reader == nil {
		c.reader = NewReader(c.welcome)
	}
	b, err := c.fetch(ctx, p, got)
	if err == nil && len(b) > 0 {
		_, err = batch.Peek(b)
	}
	if err != nil {
		c.ws.Close()
	}
	return b, err
}

func (c *Conn) fetch(ctx context.Context, p Place, got []byte) ([]byte, error) {
	stalled := time.NewTimer(c.patience)
	defer stalled.Stop()
	stop := context.AfterFunc(ctx, func() { c.ws.Close() })
	defer stop()
	c.alive()
	effects := c.reader.Step(ReadEvent{At: time.Since(c.start), Want: &p, Got: got})
	for {
		for _, e := range effects {
			switch {
			case e.Err != nil:
				return nil, e.Err // the other end cannot be trusted, nor what it sent
			case e.Ended:
				return e.Batch, nil
			}
			if err := c.write(e.Send); err != nil {
				return c.reader.Got(), cause(ctx, err)
			}
		}
		select {
		case b := <-c.in:
			stalled.Reset(c.patience)
			effects = c.reader.Step(ReadEvent{At: time.Since(c.start), Message: b})
		case <-c.done:
			return c.reader.Got(), cause(ctx, c.err)
		case <-stalled.C:
			return c.reader.Got(), ErrStalled
		case <-ctx.Done():
			return c.reader.Got(), ctx.Err()
		}
	}
}
