package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

// Committed names the records of an answered command; zero when it added none.
type Committed struct{ First, Last journal.Seq }

// request is a command on its way through the writer.
type request struct {
	fn    func(*Tx) error
	taken atomic.Bool // by the writer, or by the caller who gave up
	done  chan struct{}

	// Written by the writer before done is closed.
	got      Committed
	err      error
	panicked any
}

// Update queues fn for the writer and returns when it is decided. If fn returns
// nil and has added records, nil means that they are durable. If fn returns an
// error or adds nothing, nothing is written and the error is returned as it is.
// fn may be called more than once, each time from the start; only the last call
// counts. It must not wait for anything.
//
// ErrFull: the disk is nearly full. journal.ErrStopped: the disk failed; whether
// the records are there shows after the next start. ErrClosed. ctx ends the
// waiting in the queue only: once fn was called the answer is awaited.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) (Committed, error) {
	r := &request{fn: fn, done: make(chan struct{})}
	select {
	case <-s.life.Done():
		return Committed{}, ErrClosed
	default:
	}
	select {
	case s.requests <- r:
	case <-ctx.Done():
		return Committed{}, ctx.Err()
	case <-s.life.Done():
		return Committed{}, ErrClosed
	}
	why := ErrClosed
	select {
	case <-r.done:
	case <-ctx.Done():
		why = ctx.Err()
	case <-s.ended:
	}
	if r.taken.CompareAndSwap(false, true) {
		return Committed{}, why
	}
	<-r.done
	if r.panicked != nil {
		panic(r.panicked) // fn's, in the goroutine it came from
	}
	return r.got, r.err
}

// group is what one append makes durable.
type group struct {
	s      *Store
	txn    *badger.Txn
	reg    *register.Tx
	next   journal.Seq
	drafts []journal.Draft
	size   int // upper bound of the frame's bytes
	taken  int // commands that added records
	since  int // index of the first of them among the requests
}

func (s *Store) newGroup() *group {
	head, _ := s.lanes[journal.LaneRegister].Head()
	g := &group{s: s, txn: s.view.write(), next: head + 1}
	g.reg = register.Begin(g.txn, s.origin.Station)
	return g
}

// serve decides all reqs, in as many groups as they need.
func (s *Store) serve(reqs []*request) {
	healed := false
	for len(reqs) > 0 {
		n, err := s.group(reqs)
		if errors.Is(err, errBadView) && !healed {
			healed = true
			if err = s.heal(err); err == nil {
				continue
			}
		}
		if err != nil {
			n = len(reqs)
			answer(reqs, err)
		}
		reqs = reqs[n:]
	}
}

func answer(reqs []*request, err error) {
	for _, r := range reqs {
		r.got, r.err, r.panicked = Committed{}, err, nil
		close(r.done)
	}
}

// group decides the first n of reqs and answers them. With an error none is
// answered.
func (s *Store) group(reqs []*request) (n int, err error) {
	if err := s.writable(); err != nil {
		return 0, err
	}
	g := s.newGroup()
	defer g.txn.Discard()
	if n, err = g.run(reqs); err == nil {
		err = g.reg.Flush()
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errBadView, err)
	}
	g.answer(reqs[:n], g.commit())
	return n, nil
}

// answer tells the commands of the group what became of them. Those decided
// before any had added records do not depend on err. Those decided after may
// rest on what did not become durable.
func (g *group) answer(reqs []*request, err error) {
	for i, r := range reqs {
		if err != nil && g.taken > 0 && i >= g.since {
			r.got, r.err, r.panicked = Committed{}, err, nil
		}
		close(r.done)
	}
}

// run calls the commands one after the other until the group is full, and
// returns how many are decided, at least one. An error is the view's.
func (g *group) run(reqs []*request) (int, error) {
	for i, r := range reqs {
		tx := &Tx{g: g}
		kept, size, next := len(g.drafts), g.size, g.next
		g.reg.Savepoint()
		r.got, r.panicked = Committed{}, nil
		r.err = r.call(tx)
		if err := errors.Join(tx.bad, g.reg.Err()); err != nil {
			return 0, err
		}
		tx.over = tx.over || g.tooBig()
		if r.err == nil && r.panicked == nil && tx.first != 0 && !tx.over {
			if err := g.reg.Release(); err != nil {
				return 0, err
			}
			if r.got = (Committed{tx.first, tx.last}); g.taken == 0 {
				g.since = i
			}
			g.taken++
			continue
		}
		if err := g.reg.Rollback(); err != nil {
			return 0, err
		}
		g.drafts, g.size, g.next = g.drafts[:kept], size, next
		if tx.over && g.taken > 0 {
			return i, nil // it begins the next group
		}
		if tx.over {
			r.err = fmt.Errorf("%w: at most %d records, %d bytes and what one transaction of the view holds", ErrTooLarge, journal.MaxGroup, journal.MaxFrame)
		}
	}
	return len(reqs), nil
}

// tooBig says that the rows to be written do not fit one transaction of the view.
func (g *group) tooBig() bool {
	rows, bytes := g.reg.Size()
	return !g.s.view.fits(rows, bytes)
}

// call runs the command and catches its panic for the caller.
func (r *request) call(tx *Tx) (err error) {
	defer func() {
		tx.closed = true
		r.panicked = recover()
	}()
	return r.fn(tx)
}

// commit makes the group durable, then visible.
func (g *group) commit() error {
	if g.taken == 0 {
		return nil
	}
	s := g.s
	last := g.next - 1
	first, err := s.lanes[journal.LaneRegister].Append(g.drafts)
	if err != nil {
		if errors.Is(err, journal.ErrStopped) {
			s.fail(err)
		}
		return full(err)
	}
	if want := g.next - journal.Seq(len(g.drafts)); first != want {
		panic(fmt.Sprintf("store: internal error: journal gave sequence %d, the register has %d", first, want))
	}
	if err := s.view.commit(g.txn, last); err != nil {
		// The journal has the records, so they are saved whatever becomes of the
		// view. If it cannot be made again, the next command learns why.
		_ = s.heal(err)
	}
	s.committed(last, len(g.drafts))
	return nil
}

// full marks an error of a full disk as ErrFull.
func full(err error) error {
	if errors.Is(err, journal.ErrNoSpace) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}
