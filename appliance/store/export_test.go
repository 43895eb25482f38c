package store

import (
	"context"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

// Queued is how many commands wait.
func (s *Store) Queued() int { return len(s.requests) }

// CompareFold is the part of Verify that is about the view.
func (s *Store) CompareFold(ctx context.Context) (view, fold journal.Hash, err error) {
	var r Verification
	err = s.compareFold(ctx, &r, func(Progress) {})
	return r.View, r.Fold, err
}

// ViewHash is the hash of the view's rows.
func (s *Store) ViewHash(context.Context) (journal.Hash, error) {
	txn, _, done := s.view.read()
	defer done()
	h, _, err := register.Hash(txn, s.origin.Station)
	return h, err
}
