package hubcopy

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
)

// Errors of proving and taking.
var (
	// ErrDiffers: the copy restores to another state than the node had.
	ErrDiffers = errors.New("the restored state is not what the hub had")
	// ErrNoRoom: a disk would be filled to its end.
	ErrNoRoom = errors.New("not enough room on the disk")
)

// Prove restores a copy into an empty state below work, which it makes and
// removes again, and compares it with what the copy states. Nothing of the copy
// is changed. ErrDiffers, ErrDamaged, ErrNoRoom, or the end of ctx.
func (c *Copy) Prove(ctx context.Context, work string, log *slog.Logger) (err error) {
	dir := filepath.Join(work, "proof")
	if err := errors.Join(os.RemoveAll(dir), journal.OS.MkdirAll(work, 0o700)); err != nil {
		return err
	}
	if err := roomFor(work, c.size); err != nil {
		return fmt.Errorf("to prove the copy by restoring it: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	from, err := c.snapshot()
	if err != nil {
		return err
	}
	f, err := fsm.Open(fsm.Options{Dir: dir, BlockCache: 8 << 20, IndexCache: 8 << 20, Log: log})
	if err != nil {
		return errors.Join(err, from.Close())
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Restore(untilDone{ctx, from}); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return f.View(func(v *fsm.View) error { return c.equals(ctx, v) })
}

// untilDone reads until ctx ends.
type untilDone struct {
	ctx context.Context
	io.ReadCloser
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.ReadCloser.Read(p)
}

// equals compares a state with the manifest.
func (c *Copy) equals(ctx context.Context, v *fsm.View) error {
	m := c.Manifest
	hash, err := v.HashWhile(ctx.Err)
	if err != nil {
		return err
	}
	incarnation, err := v.Incarnation()
	if err != nil {
		return err
	}
	switch at := v.Applied(); {
	case hash != m.StateHash():
		return fmt.Errorf("%w: its hash is %x, the copy states %s", ErrDiffers, hash[:8], m.State[:16])
	case at.Index != m.Index || at.Term != m.Term:
		return fmt.Errorf("%w: it stands at %d, the copy says %d", ErrDiffers, at.Index, m.Index)
	case hex.EncodeToString(incarnation[:]) != m.Incarnation:
		return fmt.Errorf("%w: it is of another incarnation", ErrDiffers)
	}
	return nil
}

// roomFor wants what a copy of so many bytes takes as a snapshot and as a
// database.
func roomFor(dir string, size int64) error {
	const factor, beside = 3, 256 << 20
	free, err := journal.OS.Free(dir)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if need := uint64(size)*factor + beside; free < need {
		return fmt.Errorf("%w: %d MiB are needed in %s and %d MiB are free", ErrNoRoom, need>>20, dir, free>>20)
	}
	return nil
}
