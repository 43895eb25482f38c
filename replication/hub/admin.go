package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
	"tramxa/replication/identity"
)

// RegisterStation makes a station known. name is for the board and may be empty.
// Repeating it changes nothing; ErrRefused when it contradicts what is known.
func (h *Hub) RegisterStation(ctx context.Context, r identity.Registration, name string) error {
	if err := r.Check(); err != nil {
		return err
	}
	return h.order(ctx, fsm.RegisterStation{At: h.now(), Name: name, Secret: r.Secret, Genesis: r.Genesis})
}

// Fence takes nothing more from an epoch of a station.
func (h *Hub) Fence(ctx context.Context, station journal.Station, epoch journal.Epoch) error {
	return h.order(ctx, fsm.FenceStation{At: h.now(), Station: station, Epoch: epoch})
}

// Release lets the next installation that speaks for an epoch of a station take
// the place of the one that spoke first, which is fenced from then on. For a disk
// that was replaced: whoever calls it has made sure that the old one is off.
func (h *Hub) Release(ctx context.Context, station journal.Station, epoch journal.Epoch) error {
	return h.order(ctx, fsm.ReleaseInstall{At: h.now(), Station: station, Epoch: epoch})
}

// AddUnits puts rows in the table of administrative units, in commands of
// bounded size. Every command may be repeated, so may the whole.
func (h *Hub) AddUnits(ctx context.Context, rows []fsm.UnitRow) error {
	for len(rows) > 0 {
		n := min(len(rows), fsm.MaxUnitRows)
		if err := h.order(ctx, fsm.AddUnits{At: h.now(), Rows: rows[:n]}); err != nil {
			return fmt.Errorf("with %d units left: %w", len(rows), err)
		}
		rows = rows[n:]
	}
	return nil
}

// Snapshot writes this node's state to a snapshot file, from which it can be
// restored and which lets the raft log be cut. Nothing new is no error.
func (h *Hub) Snapshot(ctx context.Context) error {
	err := h.await(ctx, h.raft.Snapshot())
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return nil
	}
	return err
}

// CompareStates lets every node reckon the hash of its whole state at one
// command and states what this one, the leader, found; a node that found
// something else reports it in its Status. It returns that command's raft index
// and the hash.
func (h *Hub) CompareStates(ctx context.Context) (uint64, journal.Hash, error) {
	v, index, err := h.propose(ctx, fsm.MarkState{At: h.now()})
	if err != nil || v.Outcome != fsm.Done {
		return 0, journal.Hash{}, errors.Join(err, h.Err())
	}
	hash, err := h.MarkedHash(ctx, index)
	if err != nil {
		return 0, journal.Hash{}, err
	}
	return index, hash, h.order(ctx, fsm.StateHash{Index: index, Hash: hash})
}

// MarkedHash waits for the hash this node finds at the mark at index.
func (h *Hub) MarkedHash(ctx context.Context, index uint64) (journal.Hash, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if hash, ok := h.fsm.MarkedHash(index); ok {
			return hash, nil
		}
		select {
		case <-ctx.Done():
			return journal.Hash{}, ctx.Err()
		case <-h.stop:
			return journal.Hash{}, fmt.Errorf("%w: the node stops", ErrUnknownOutcome)
		case <-h.down:
			return journal.Hash{}, h.Err()
		case <-tick.C:
		}
	}
}
