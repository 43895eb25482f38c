package spoke

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
	"tramxa/replication/link"
)

const (
	maxGaps   = 8 // verdicts "gap" or "unknown" in a row on one link
	busyPause = 2 * time.Second
)

// serve sends batch after batch until the link ends, an error stands in the way,
// or a metered line has been idle long enough (nil).
func (s *Spoke) serve(ctx context.Context, conn *link.Conn, hubNow func() time.Time) (progress bool, err error) {
	odd := 0
	for {
		l, err := s.ready()
		if err != nil {
			return progress, err
		}
		if l == nil {
			again, err := s.idle(ctx, conn)
			if !again {
				return true, err
			}
			continue
		}
		s.set(func(st *Status) { st.Stage = StageSending })
		if err := s.cut(ctx, l); err != nil {
			return progress, err
		}
		v, err := conn.Send(ctx, l.pending.out)
		if err != nil {
			return progress, err
		}
		switch v.Kind {
		case link.VerdictAccepted, link.VerdictDuplicate:
			odd, progress = 0, true
			if v.Seq < l.pending.out.Last {
				return progress, fmt.Errorf("%w: acknowledged up to %d only", link.ErrProtocol, v.Seq)
			}
			err = s.moved(ctx, l, v.Seq, v.Hash, hubNow())
		case link.VerdictGap:
			odd++
			seq := v.Seq
			if v.Want > 0 && v.Want != v.Seq+1 {
				return progress, fmt.Errorf("%w: has %d and wants %d", link.ErrProtocol, v.Seq, v.Want)
			}
			l.pending = nil
			err = s.moved(ctx, l, seq, v.Hash, hubNow())
		case link.VerdictUnknown, link.VerdictBusy:
			odd++
			s.sleep(ctx, max(v.RetryAfter, busyPause))
		default:
			err = s.verdictError(v)
		}
		if err == nil && odd > maxGaps {
			err = errors.New("the hub does not come to a verdict")
		}
		if err != nil {
			return progress, err
		}
	}
}

// moved takes in a watermark the hub has stated.
func (s *Spoke) moved(ctx context.Context, l *lane, seq journal.Seq, hash journal.Hash, hubTime time.Time) error {
	if err := l.confirm(seq, hash); err != nil {
		return err
	}
	return s.moveTo(ctx, l, seq, hash, hubTime)
}

// ready returns the first lane with something to send: the register goes before
// the access log. nil: none.
func (s *Spoke) ready() (*lane, error) {
	for _, l := range s.lanes {
		head, _ := l.Head()
		if head < l.done {
			return nil, ErrRewound
		}
		if head > l.done {
			return l, nil
		}
	}
	return nil, nil
}

// idle waits for work. again is false when the link is to end.
func (s *Spoke) idle(ctx context.Context, conn *link.Conn) (again bool, err error) {
	s.set(func(st *Status) { st.Stage = StageIdle })
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var closing <-chan time.Time
	if s.o.Metered {
		t := time.NewTimer(s.o.IdleClose)
		defer t.Stop()
		closing = t.C
	}
	select {
	case <-s.work(ctx):
		return true, nil
	case <-s.wake:
		return true, nil
	case <-closing:
		return false, nil
	case <-conn.Done():
		return false, errors.New("the link was cut")
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// errEnough ends a reading.
var errEnough = errors.New("enough")

// cut makes the next batch of a lane unless one is under way already.
func (s *Spoke) cut(ctx context.Context, l *lane) error {
	if l.pending != nil && l.pending.first == l.done+1 {
		return nil
	}
	pre, err := l.HashAt(l.done)
	if err != nil {
		return err
	}
	recs, err := l.take(ctx)
	if err != nil {
		return err
	}
	src := batch.Source{Origin: l.origin, Secret: s.o.Secret, PreHash: pre, Records: recs}
	b, n, err := batch.Cut(src, s.o.Signer, s.o.Limits)
	if err != nil {
		return err
	}
	out, err := link.NewOutgoing(b)
	if err != nil {
		return err
	}
	// What is signed must be what the journal says, not what was read of it.
	if own, err := l.HashAt(recs[n-1].Seq); err != nil || own != out.PostHash {
		return errors.Join(errors.New("the journal's records do not lead to its own hash"), err)
	}
	l.pending = &pending{first: l.done + 1, out: out}
	return nil
}

// take reads what may fit in one batch.
func (l *lane) take(ctx context.Context) ([]journal.Record, error) {
	var recs []journal.Record
	raw := 0
	err := l.Read(ctx, l.done+1, func(r journal.Record) error {
		raw += len(r.Head) + len(r.Body)
		if len(recs) == batch.MaxRecords || (raw > batch.MaxRaw && len(recs) > 0) {
			return errEnough
		}
		recs = append(recs, journal.Record{Seq: r.Seq, Head: append([]byte(nil), r.Head...), Body: append([]byte(nil), r.Body...)})
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	if len(recs) == 0 {
		return nil, fmt.Errorf("%w: %d", journal.ErrNotFound, l.done+1)
	}
	return recs, nil
}
