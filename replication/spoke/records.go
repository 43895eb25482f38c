package spoke

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/replication/batch"
)

// HubRecords gives the records of one epoch out of the hub's archive, verified
// and one by one: a source to heal a damaged journal from.
type HubRecords struct {
	Fetcher *Fetcher
	Epoch   journal.Epoch
	Key     ed25519.PublicKey // of that epoch
	Secret  journal.Secret    // of that epoch
}

// Records calls fn for the records of a stretch, in order, as many as the hub has;
// fewer is no error. Of another epoch it has none. Records that do not follow on
// the stretch's Pre are journal.ErrForked: the hub has another history.
func (h *HubRecords) Records(ctx context.Context, s journal.Stretch, fn func(journal.Record) error) error {
	if s.Epoch != h.Epoch {
		return nil
	}
	w := Wanted{Epoch: s.Epoch, Lane: s.Lane, From: s.From, To: s.To, Key: h.Key, Secret: h.Secret}
	first := true
	err := h.Fetcher.Fetch(ctx, w, func(b *batch.Batch) error {
		chain := journal.Chain{Secret: h.Secret, Lane: s.Lane, Seq: b.First - 1, Hash: b.PreHash}
		for _, r := range b.Records {
			if first && r.Seq == s.From {
				if first = false; chain.Hash != s.Pre {
					return fmt.Errorf("%w: the hub's up to %d", journal.ErrForked, r.Seq-1)
				}
			}
			chain.Add(r.Head, r.Body)
			if r.Seq < s.From || (s.To > 0 && r.Seq > s.To) {
				continue
			}
			if err := fn(r); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, ErrNotHeld) {
		return nil
	}
	return err
}
