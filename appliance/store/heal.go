package store

import (
	"errors"
	"fmt"
)

// mostHeals bounds how often a process makes its view again: if that does not
// help, the cause is not the view.
const mostHeals = 3

// sickView is a view that a reader found damaged.
type sickView struct {
	view *view
	why  error
}

// suspect asks the writer to make the view v again.
func (s *Store) suspect(v *view, why error) {
	select {
	case s.sick <- sickView{v, why}:
	default: // it was asked already
	}
}

// heal sets the view aside and makes it again from checkpoint and journal. Only
// the writer calls it. Readers get ErrRebuilding meanwhile. An error is the end
// of writing.
func (s *Store) heal(why error) error {
	s.viewMu.Lock()
	old := s.view
	s.view = nil
	s.viewMu.Unlock()
	s.statusMu.Lock()
	s.stats.rebuilding = true
	s.statusMu.Unlock()
	s.announce()
	err := s.makeAgain(old, why)
	if err != nil {
		err = fmt.Errorf("make the view again: %w", err)
		s.fail(err)
	}
	return err
}

func (s *Store) makeAgain(old *view, why error) error {
	if old != nil {
		if err := errors.Join(s.makeRoom(viewRoom), old.close()); err != nil {
			s.log.Warn("store: the damaged view does not close", "cause", err)
		}
	}
	s.statusMu.Lock()
	s.stats.heals++
	heals := s.stats.heals
	s.statusMu.Unlock()
	if heals > mostHeals {
		return errors.Join(why, errors.New("it was made again too often; hint: check the memory and the disk of this machine"))
	}
	key, err := viewKey(s.keys.Data)
	if err != nil {
		return err
	}
	v, err := s.rebuild(s.life, key, why)
	if err != nil {
		return err
	}
	s.viewMu.Lock()
	s.view = v
	s.viewMu.Unlock()
	s.usable(v.seq())
	s.announce()
	return nil
}
