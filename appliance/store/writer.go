package store

import (
	"context"
	"errors"
	"runtime"

	"tramxa/appliance/journal"
)

// write is the writer goroutine. It takes what has queued while it was busy, and
// waits for nothing else.
func (s *Store) write() {
	defer close(s.ended)
	for {
		select {
		case r := <-s.requests:
			s.cure()
			s.serve(s.queued(r))
		case fn := <-s.calls:
			s.cure()
			fn()
		case sick := <-s.sick:
			s.treat(sick)
		case <-s.life.Done():
			return // who still waits learns it from s.ended
		}
	}
}

// cure makes a view again that a reader has found damaged by now: when a command
// and such a word wait together, the command must not be decided on that view.
func (s *Store) cure() {
	select {
	case sick := <-s.sick:
		s.treat(sick)
	default:
	}
}

func (s *Store) treat(sick sickView) {
	if sick.view == s.view { // not healed meanwhile
		_ = s.heal(sick.why) // its failure is in Status and meets the next command
	}
}

// queued returns first and what waits behind it, without those who gave up.
func (s *Store) queued(first *request) []*request {
	reqs := make([]*request, 0, journal.MaxGroup)
	take := func(r *request) {
		if r != nil && r.taken.CompareAndSwap(false, true) {
			reqs = append(reqs, r)
		}
	}
	take(first)
	runtime.Gosched() // who was just answered may have the next command ready
	for len(reqs) < journal.MaxGroup {
		select {
		case r := <-s.requests:
			take(r)
		default:
			return reqs
		}
	}
	return reqs
}

// between runs fn in the writer, between two groups.
func (s *Store) between(ctx context.Context, fn func() error) error {
	done := make(chan error, 1)
	select {
	case s.calls <- func() { done <- fn() }:
		return <-done
	case <-ctx.Done():
		return ctx.Err()
	case <-s.life.Done():
		return ErrClosed
	}
}

// Answers returns nil when the writer takes its turn and writing has not failed.
// It writes nothing; a disk that is full is not its matter. A writer that hangs
// keeps it waiting, whatever becomes of ctx then.
func (s *Store) Answers(ctx context.Context) error { return s.between(ctx, s.failure) }

// writable says why nothing may be written now.
func (s *Store) writable() error {
	if err := s.failure(); err != nil {
		return err
	}
	return s.space.check()
}

// fail ends writing until the next start.
func (s *Store) fail(err error) {
	s.statusMu.Lock()
	if s.failed == nil {
		s.failed = err
	}
	s.statusMu.Unlock()
	s.log.Error("store: nothing is written until the next start", "cause", err)
	s.announce()
}

func (s *Store) failure() error {
	s.statusMu.Lock()
	defer s.statusMu.Unlock()
	return s.failed
}

// committed notes a group, and whether a checkpoint is due.
func (s *Store) committed(last journal.Seq, records int) {
	s.statusMu.Lock()
	s.stats.groups++
	s.stats.applied = max(s.stats.applied, last)
	s.stats.records += uint64(records)
	due := uint64(last-s.stats.checkpoint) > s.checkpointAfter(s.stats.rows)
	s.statusMu.Unlock()
	if due {
		select {
		case s.due <- struct{}{}:
		default:
		}
	}
	s.announce()
}

// keep makes checkpoints when they are due, beside the writer.
func (s *Store) keep() {
	defer s.keeper.Done()
	for {
		select {
		case <-s.due:
			if err := s.Checkpoint(s.life); err != nil && !errors.Is(err, context.Canceled) {
				s.log.Warn("store: checkpoint failed, the next start replays more", "cause", err)
			}
		case <-s.life.Done():
			return
		}
	}
}
