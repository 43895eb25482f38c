package store

import (
	"context"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

// State is what a register is at one sequence: two with the same are equal row
// by row. Hashes of different folds cannot be compared.
type State struct {
	Fold uint32 // version of the fold
	Rows int
	Hash journal.Hash
}

// State returns the state of the register and the sequence it stands at. It reads
// every row.
func (s *Store) State(ctx context.Context) (journal.Seq, State, error) {
	if err := ctx.Err(); err != nil {
		return 0, State{}, err
	}
	s.viewMu.RLock()
	defer s.viewMu.RUnlock()
	v := s.view
	if v == nil {
		return 0, State{}, s.whyNoView()
	}
	txn, seq, done := v.read()
	defer done()
	if err := v.verifyTables(); err != nil { // an iterator that meets a bad block ends without an error
		s.suspect(v, err)
		return seq, State{}, err
	}
	h, rows, err := register.Hash(txn, s.origin.Station)
	if err != nil {
		s.suspect(v, err)
		return seq, State{}, fmt.Errorf("%w: %w", errBadView, err)
	}
	return seq, State{Fold: register.FoldVersion, Rows: rows, Hash: h}, nil
}
