package spoke

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/link"
)

// busyError asks for a pause.
type busyError struct{ after time.Duration }

func (b *busyError) Error() string { return "the hub is busy" }

// joined keeps the cause behind a sentinel.
func joined(sentinel, cause error) error { return fmt.Errorf("%w (%w)", sentinel, cause) }

// refusal turns a hello answered without welcome into an error; nil means the
// hub named its leader.
func refusal(w link.Welcome) error {
	switch w.Status {
	case link.StatusNotLeader:
		if w.Leader == "" {
			return &busyError{w.RetryAfter}
		}
		return nil
	case link.StatusBusy:
		return &busyError{w.RetryAfter}
	case link.StatusFenced:
		return ErrFenced
	case link.StatusRewound:
		return ErrRewound
	case link.StatusForked:
		return ErrForked
	case link.StatusUnregistered:
		return ErrUnregistered
	case link.StatusUpgrade:
		return fmt.Errorf("%w: it speaks protocol %d", ErrRejected, w.Protocol)
	}
	return fmt.Errorf("%w: status %d is newer than this program", ErrRejected, w.Status)
}

// agree compares the hub's watermarks with the own journals before anything is
// sent. Neither side is believed alone.
func (s *Spoke) agree(ctx context.Context, w link.Welcome, hubTime time.Time) error {
	if w.Epoch > s.o.Origin.Epoch {
		return fmt.Errorf("%w: epoch %d", ErrFenced, w.Epoch)
	}
	for _, l := range s.lanes {
		m := w.Mark(l.origin.Lane)
		if m.Seq < l.Acked() {
			s.o.Log.Warn("the hub has less than it acknowledged; sending again", "lane", uint8(m.Lane), "hub", uint64(m.Seq), "acked", uint64(l.Acked()))
		}
		if err := l.confirm(m.Seq, m.Hash); err != nil {
			return err
		}
		if err := s.moveTo(ctx, l, m.Seq, m.Hash, hubTime); err != nil {
			return err
		}
	}
	return nil
}

// confirm checks that the hub's watermark lies on the own chain.
func (l *lane) confirm(seq journal.Seq, hash journal.Hash) error {
	if seq == 0 && hash == (journal.Hash{}) {
		return nil // nothing there, and no base stated
	}
	head, _ := l.Head()
	if seq > head {
		return fmt.Errorf("%w: hub at %d, journal at %d", ErrRewound, seq, head)
	}
	own, err := l.HashAt(seq)
	if err != nil {
		return err
	}
	if own != hash {
		return fmt.Errorf("%w: at %d", ErrForked, seq)
	}
	return nil
}

// moveTo sets the cursor after confirm has agreed.
func (s *Spoke) moveTo(ctx context.Context, l *lane, seq journal.Seq, hash journal.Hash, hubTime time.Time) error {
	l.done = seq
	if l.pending != nil && l.pending.first != seq+1 {
		l.pending = nil
	}
	if seq != l.Acked() || seq > 0 {
		if err := l.SetAcked(ctx, seq, hash, hubTime); err != nil {
			return fmt.Errorf("the cursor cannot be kept: %w", err)
		}
	}
	s.set(func(st *Status) { st.LastAck, st.LastError = time.Now(), nil })
	return nil
}

// verdictError turns a verdict that ends the sending of a link into an error.
func (s *Spoke) verdictError(v link.Verdict) error {
	switch v.Kind {
	case link.VerdictFork:
		return ErrForked
	case link.VerdictFenced:
		return ErrFenced
	case link.VerdictUnregistered:
		return ErrUnregistered
	case link.VerdictNotLeader:
		s.lead = v.Leader
		return errors.New("the hub has another leader")
	}
	return fmt.Errorf("%w: %s", ErrRejected, v.Kind)
}
