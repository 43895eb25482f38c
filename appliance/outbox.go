package appliance

import (
	"context"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// Outbox is what the link to the hub sees of a station: the journal of one lane
// after a cursor. It is no second copy.
type Outbox struct {
	s *Station
	j *journal.Journal
}

// Outbox returns the outbox of lane 0.
func (s *Station) Outbox() Outbox { return Outbox{s: s, j: s.store.Journal(journal.LaneRegister)} }

// Head is the last durable record and the chain's hash at it.
func (o Outbox) Head() (journal.Seq, journal.Hash) { return o.j.Head() }

// HashAt is the chain's hash at a sequence from 0 to the head.
func (o Outbox) HashAt(seq journal.Seq) (journal.Hash, error) { return o.j.HashAt(seq) }

// Read calls fn for the records from a sequence to the head; see journal.Read.
func (o Outbox) Read(ctx context.Context, from journal.Seq, fn func(journal.Record) error) error {
	return o.j.Read(ctx, from, fn)
}

// Wait returns when the head is beyond after.
func (o Outbox) Wait(ctx context.Context, after journal.Seq) error { return o.j.Wait(ctx, after) }

// Acked is the last record the hub has acknowledged.
func (o Outbox) Acked() journal.Seq { return o.s.store.Acked().Seq }

// SetAcked moves the cursor durably, back too, and sets the clock by the hub's
// time when it is given. ErrCursor: what the hub has is not of this journal.
func (o Outbox) SetAcked(ctx context.Context, seq journal.Seq, hash journal.Hash, hubTime time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !hubTime.IsZero() {
		o.s.clock.Hub(hubTime)
	}
	return o.s.store.SetAcked(store.Cursor{Seq: seq, Hash: hash, At: hubTime})
}
