package appliance

import (
	"context"
	"errors"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/tuple"
)

// KindLook is the kind, in the access lane, of a look at personal data: who
// (the envelope's actor) saw what of whom.
//
// Body, version 1: a tuple of the look (string of at most 32 bytes), the mint
// number and the serial of the person or household; both 0 for a list.
const KindLook = 1

const lookVersion = 1

// maxLook bounds the word for what was looked at, in bytes.
const maxLook = 32

// Look is one line of the access log.
type Look struct {
	What string // such as "person", "household", "list", "export"
	Of   population.ID
}

// ErrLook is wrapped by errors about bodies that are not a look.
var ErrLook = errors.New("not a look of the access log")

// Body encodes the look.
func (l Look) Body() ([]byte, error) {
	if l.What == "" || len(l.What) > maxLook {
		return nil, fmt.Errorf("%w: what was looked at must have 1 to %d bytes", ErrLook, maxLook)
	}
	if l.Of != 0 && !l.Of.Valid() { // ParseLook would not read it
		return nil, fmt.Errorf("%w: it is of nobody", ErrLook)
	}
	var w tuple.Writer
	w.String(l.What)
	w.Uint(uint64(l.Of.Mint()))
	w.Uint(uint64(l.Of.Serial()))
	return w.Tuple(), nil
}

// ParseLook reads what Body writes, and refuses everything else.
func ParseLook(b []byte) (Look, error) {
	r := tuple.NewReader(b)
	l := Look{What: r.String(maxLook)}
	mint, serial := r.Uint(1<<32-1), r.Uint(1<<32-1)
	if err := r.Close(); err != nil {
		return Look{}, fmt.Errorf("%w: %w", ErrLook, err)
	}
	if l.What == "" || (mint == 0) != (serial == 0) {
		return Look{}, ErrLook
	}
	if serial != 0 {
		l.Of = population.NewID(population.Mint(mint), uint32(serial))
	}
	return l, nil
}

// Looked keeps a look in the access log; it is durable when nil is returned.
func (s *Station) Looked(ctx context.Context, actor uint32, l Look) error {
	body, err := l.Body()
	if err != nil {
		return err
	}
	now, trusted := s.clock.Now()
	return s.store.Access(ctx, journal.Draft{
		Envelope: journal.Envelope{Class: journal.ClassOrdinary, Trusted: trusted, At: now.Unix(), Kind: KindLook, Version: lookVersion, Actor: actor},
		Body:     body,
	})
}
