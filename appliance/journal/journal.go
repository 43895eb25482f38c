package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Journal is an open journal. One goroutine appends and closes; every other
// method may be called from any goroutine at any time.
type Journal struct {
	o       Options
	genesis Genesis

	// Of the writer alone.
	number uint32 // of the newest segment file
	active *active
	plain  []byte // encoding buffer
	out    []byte // frame buffer

	mu       sync.RWMutex
	chain    Chain         // durable head
	segments []segment     // in order; the last may be growing
	stopped  error         // not nil: no more appends
	moved    chan struct{} // closed when head moves or the journal stops
}

// Open verifies the linkage of all segments (header, seal, signature), reads the
// unsealed ones frame by frame, repairs what a power cut left, and returns the
// journal ready to append. A range of records lost to damage is a *Damage and
// nothing is changed; damage that costs no record is logged and stands in
// Recovery. A key that does not fit is ErrWrongKey. The caller makes sure that no
// other process has the directory open.
func Open(ctx context.Context, o Options) (*Journal, Recovery, error) {
	o = o.defaults()
	var r Recovery
	g, err := o.genesis()
	if err != nil {
		return nil, r, err
	}
	if err := o.checkSigner(g); err != nil {
		return nil, r, err
	}
	s, err := newSurvey(o, g, false)
	if err != nil {
		return nil, r, err
	}
	if err := s.run(ctx, func(string) {}); err != nil {
		return nil, r, err
	}
	for _, d := range s.damage {
		o.Log.Error("journal: damage", "segment", d.Segment, "from", d.From, "to", d.To, "offset", d.Offset, "length", d.Length)
		if r.Damage == nil || r.Damage.From == 0 {
			r.Damage = d
		}
	}
	r.Head, r.Hash = s.next-1, s.hash
	if r.Damage != nil && r.Damage.From != 0 {
		return nil, r, r.Damage
	}
	if err := s.repair(&r); err != nil {
		return nil, r, err
	}
	r.Segments = len(s.segments)
	return &Journal{
		o: o, genesis: g, number: s.lastNumber(), segments: s.segments, moved: make(chan struct{}),
		chain: Chain{Secret: o.Secret, Lane: o.Lane, Seq: r.Head, Hash: r.Hash},
	}, r, nil
}

// Head is the last durable record and the chain's hash at it; (0, Base) when
// there is none.
func (j *Journal) Head() (Seq, Hash) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.chain.Seq, j.chain.Hash
}

// Genesis is the signed base of the epoch.
func (j *Journal) Genesis() Genesis { return j.genesis }

// Origin says whose journal and which lane this is.
func (j *Journal) Origin() Origin {
	o := j.genesis.Origin
	o.Lane = j.o.Lane
	return o
}

// Wait returns nil when the head is beyond after, ctx's error when that ends
// first, ErrStopped when no record can come any more.
func (j *Journal) Wait(ctx context.Context, after Seq) error {
	for {
		j.mu.RLock()
		head, moved, stopped := j.chain.Seq, j.moved, j.stopped
		j.mu.RUnlock()
		if head > after {
			return nil
		}
		if stopped != nil {
			return stopped
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Err is nil while the journal can be appended to, then an ErrStopped with the
// cause.
func (j *Journal) Err() error {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.stopped
}

// stop ends appending for good and returns the error every later Append gets.
func (j *Journal) stop(cause error) error {
	err := fmt.Errorf("%w: %w", ErrStopped, cause)
	j.o.Log.Error("journal: stopped, nothing is written until the next start", "cause", cause)
	j.end(err)
	return err
}

func (j *Journal) end(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.stopped == nil {
		j.stopped = err
		close(j.moved)
	}
}

var errClosed = errors.New("it was closed")

// Close seals the open segment and frees its preallocated rest. After an error
// nothing answered is missing: the segment then stays without a seal. A second
// Close, or one after a stop, does nothing but release the file.
func (j *Journal) Close() error {
	stopped := j.Err()
	j.end(fmt.Errorf("%w: %w", ErrStopped, errClosed))
	a := j.active
	j.active = nil
	switch {
	case a == nil:
		return nil
	case stopped != nil:
		return a.file.Close()
	case a.end == headerLen:
		return j.discard(a)
	}
	return j.seal(a)
}
