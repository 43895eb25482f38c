package backups

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// ErrDiffers means that a copy restores to another register than the station had.
var ErrDiffers = errors.New("the restored register is not what the station had")

// ProofOptions of Prove. KeyFile and Work are required.
type ProofOptions struct {
	KeyFile  string
	Work     string // a folder in which "proof" is made and removed again
	Log      *slog.Logger
	Progress func(store.Progress)
}

// Proof is what Prove found.
type Proof struct {
	Seq      journal.Seq
	State    store.State // of the register folded anew from the copy's journal
	Compared bool        // with what the station stated when the copy was made
}

// Prove restores a copy into a temporary folder as a person would, opens it, then
// throws checkpoint and register away and folds the journal anew. Both must give
// the same register, and the one the station had. Nothing of the copy is changed.
func Prove(ctx context.Context, c Copy, o ProofOptions) (p Proof, err error) {
	if o.Progress == nil {
		o.Progress = func(store.Progress) {}
	}
	dir := filepath.Join(o.Work, "proof")
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(o.Work, 0o700)); err != nil {
		return p, err
	}
	if err := roomFor(o.Work, c.Size()); err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	so := store.Options{Dir: dir, KeyFile: o.KeyFile, Log: o.Log, Reserve: 1, Ballast: -1, Progress: o.Progress}
	src, from := c.FS()
	m, err := store.RestoreFrom(ctx, src, from, so)
	if err != nil {
		return p, err
	}
	_, restored, err := stateOf(ctx, so)
	if err != nil {
		return p, err
	}
	for _, name := range []string{"view", "checkpoints", "clean.json"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return p, err
		}
	}
	if p.Seq, p.State, err = stateOf(ctx, so); err != nil {
		return p, err
	}
	switch {
	case p.Seq != m.Seq:
		return p, fmt.Errorf("%w: it stands at %d, the manifest says %d", ErrDiffers, p.Seq, m.Seq)
	case p.State != restored:
		return p, fmt.Errorf("%w: its checkpoint is not the fold of its journal", ErrDiffers)
	}
	p.Compared, err = c.Agrees(p.State)
	return p, err
}

// Agrees compares a restored register with the one that the station stated when
// the copy was made; ErrDiffers. false: there is nothing to compare it with, for
// another version folded it, or none is stated.
func (c Copy) Agrees(restored store.State) (bool, error) {
	if c.State.Fold != restored.Fold {
		return false, nil
	}
	if c.State != restored {
		return false, fmt.Errorf("%w: %d rows, %x; stated are %d rows, %x", ErrDiffers, restored.Rows, restored.Hash[:8], c.State.Rows, c.State.Hash[:8])
	}
	return true, nil
}

// roomFor wants what a restored copy of so many bytes and its register take.
func roomFor(dir string, size int64) error {
	const factor, beside = 6, 128 << 20
	free, err := journal.OS.Free(dir)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if need := uint64(size)*factor + beside; free < need {
		return fmt.Errorf("%w: to prove it by restoring, %d MiB are needed and %d MiB are free", ErrNoRoom, need>>20, free>>20)
	}
	return nil
}

// stateOf opens a station, takes the state of its register and closes it.
func stateOf(ctx context.Context, o store.Options) (journal.Seq, store.State, error) {
	s, err := store.Open(ctx, o)
	if err != nil {
		return 0, store.State{}, err
	}
	seq, state, err := s.State(ctx)
	return seq, state, errors.Join(err, s.Close())
}
