package store

import (
	"context"
	"errors"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

// Close ends the store: what is queued and not begun gets ErrClosed, a
// checkpoint is made, everything is closed and, last, the clean marker vouches
// for the view. After an error nothing answered is missing; the next start only
// has more to do. A second Close returns what the first did.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closed = s.close() })
	return s.closed
}

func (s *Store) close() error {
	s.end()
	<-s.ended
	s.keeper.Wait()
	var errs []error
	failed := s.failure()
	if failed == nil {
		if err := s.Checkpoint(context.Background()); err != nil {
			errs = append(errs, err)
		}
	}
	seq, closed := s.closeView()
	lanes := s.closeLanes()
	errs = append(errs, closed, lanes)
	if failed == nil && closed == nil && lanes == nil {
		errs = append(errs, s.vouch(seq))
	}
	errs = append(errs, s.lock.release())
	s.announce()
	return errors.Join(errs...)
}

// closeView waits for readers and closes the view, which stands at seq. Without
// room on the disk it is left as it is, for badger would be killed; the next
// start makes it again.
func (s *Store) closeView() (seq journal.Seq, err error) {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	if s.view == nil {
		return 0, errBadView
	}
	v := s.view
	s.view = nil
	if err := s.makeRoom(viewRoom); err != nil {
		return 0, err
	}
	return v.seq(), v.close()
}

func (s *Store) closeLanes() error {
	s.access.Lock()
	defer s.access.Unlock()
	var errs []error
	for _, j := range s.lanes {
		if j != nil {
			errs = append(errs, j.Close())
		}
	}
	return errors.Join(errs...)
}

// vouch writes the clean marker for the closed view.
func (s *Store) vouch(seq journal.Seq) error {
	chain, err := s.lanes[journal.LaneRegister].HashAt(seq)
	if err != nil {
		return err
	}
	files, err := sumFiles(s.o.ViewDir, func(int64) {})
	if err != nil {
		return fmt.Errorf("vouch for the view: %w", err)
	}
	m := cleanMarker{Seq: seq, Chain: hexHash(chain), Fold: register.FoldVersion, Files: files}
	if err := writeMarker(s.fs, s.dir, m); err != nil {
		return fmt.Errorf("write clean marker: %w", err)
	}
	return nil
}

// abandon gives back what a failed Open had taken.
func (s *Store) abandon() error {
	s.end()
	var errs []error
	if s.view != nil {
		errs = append(errs, s.view.close())
	}
	return errors.Join(append(errs, s.closeLanes(), s.lock.release())...)
}
