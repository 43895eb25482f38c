package store

import (
	"bytes"
	"context"
	"os"

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

// RefoldedBy writes a checkpoint file anew as a program of another fold would.
func RefoldedBy(name string, key journal.Key, fold uint32) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var info CheckpointInfo
	var rows [][2][]byte
	_, _, err = readCheckpoint(context.Background(), bytes.NewReader(b), key, func(i CheckpointInfo) error { info = i; return nil }, func(k, v []byte) error {
		rows = append(rows, [2][]byte{bytes.Clone(k), bytes.Clone(v)})
		return nil
	})
	if err != nil {
		return err
	}
	info.Fold = fold
	var out bytes.Buffer
	_, _, err = writeCheckpoint(&out, info, key, [ckptSalt]byte{1}, func(row func(k, v []byte) error) error {
		for _, r := range rows {
			if err := row(r[0], r[1]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return os.WriteFile(name, out.Bytes(), 0o600)
}
