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
func (c *Copy) Prove(ctx context.Context, work string, log *slog.Logger) error {
	return c.prove(ctx, work, log, journal.OS.Free)
}

func (c *Copy) prove(ctx context.Context, work string, log *slog.Logger, free freeSpace) (err error) {
	dir := filepath.Join(work, "proof")
	if err := errors.Join(os.RemoveAll(dir), journal.OS.MkdirAll(work, 0o700)); err != nil {
		return err
	}
	if err := roomFor(work, c.size, free); err != nil {
		return fmt.Errorf("to prove the copy by restoring it: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	from, err := c.snapshot()
	if err != nil {
		return err
	}
	f, err := fsm.Open(fsm.Options{Dir: dir, BlockCache: 8 << 20, IndexCache: 8 << 20, ValueLogFile: 16 << 20, Log: log})
	if err != nil {
		return errors.Join(err, from.Close())
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Restore(&careful{ReadCloser: from, ctx: ctx, dir: work, free: free}); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrNoRoom) { // says nothing of the copy
			return err
		}
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return f.View(func(v *fsm.View) error { return c.equals(ctx, v) })
}

// freeSpace is journal.FS.Free.
type freeSpace func(dir string) (uint64, error)

// proofReserve is what a proof leaves free of the disk, which is that of the hub's
// data: on a full one the hub stops.
const proofReserve = 256 << 20

// proofLookEvery is what of the copy is read between looks; packed, so it takes
// some times that on the disk.
const proofLookEvery = 1 << 20

// careful reads until ctx ends or the disk on which dir is filled from it has no
// more room than it may.
type careful struct {
	io.ReadCloser
	ctx  context.Context
	dir  string
	free freeSpace
	left int // bytes until the next look
}

func (r *careful) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if r.left <= 0 {
		free, err := r.free(r.dir)
		if err != nil {
			return 0, fmt.Errorf("ask for free space: %w", err)
		}
		if free < proofReserve {
			return 0, fmt.Errorf("%w: %d MiB are free in %s, %d MiB stay free; hint: make room there", ErrNoRoom, free>>20, r.dir, proofReserve>>20)
		}
		r.left = proofLookEvery
	}
	n, err := r.ReadCloser.Read(p)
	r.left -= n
	return n, err
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
func roomFor(dir string, size int64, ask freeSpace) error {
	const factor = 3
	free, err := ask(dir)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if need := uint64(size)*factor + proofReserve; free < need {
		return fmt.Errorf("%w: %d MiB are needed in %s and %d MiB are free", ErrNoRoom, need>>20, dir, free>>20)
	}
	return nil
}
