package appliance

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
	"tramxa/appliance/tuple"
)

// KindProgram is the kind, in the access lane, of a program that wrote from
// there on: kept when a new one is tried, so that the journal tells which
// program wrote what.
//
// Body, version 1: a tuple of the program's version, a string of at most 64
// bytes.
const KindProgram = 2

const (
	programVersion = 1
	maxProgram     = 64
)

// Answers returns nil when the journal can be written and the register has
// reached what was durable at the call. It writes nothing, and may hang where
// the disk does.
func (s *Station) Answers(ctx context.Context) error {
	if err := s.store.Answers(ctx); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	head, _ := s.store.Head()
	return s.View(ctx, func(v *register.View) error {
		if v.Applied() < head {
			return fmt.Errorf("view: at record %d, the journal at %d", v.Applied(), head)
		}
		return v.Err()
	})
}

// Try writes the version of this program into the access lane and reads it back
// from the disk: the proof that a new program can write and read this journal.
func (s *Station) Try(ctx context.Context, version string) error {
	if version == "" || len(version) > maxProgram {
		return fmt.Errorf("a program's version has 1 to %d bytes", maxProgram)
	}
	var w tuple.Writer
	w.String(version)
	body := w.Tuple()
	now, trusted := s.clock.Now()
	err := s.store.Access(ctx, journal.Draft{
		Envelope: journal.Envelope{Class: journal.ClassOrdinary, Trusted: trusted, At: now.Unix(), Kind: KindProgram, Version: programVersion},
		Body:     body,
	})
	if err != nil {
		return err
	}
	lane := s.store.Journal(journal.LaneAccess)
	head, _ := lane.Head()
	found := false
	back := head - min(head-1, tryBack)
	err = lane.Read(ctx, back, func(r journal.Record) error {
		e, err := r.Envelope()
		found = found || err == nil && e.Kind == KindProgram && bytes.Equal(r.Body, body)
		return err
	})
	if err == nil && !found {
		err = errors.New("what was written is not read back")
	}
	return err
}

// tryBack is how many records, at most, others may have added to the access lane
// between the writing and the reading.
const tryBack = 1000
