package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

// Verification is what Verify found.
type Verification struct {
	Lanes       [2]journal.VerifyReport
	Seq         journal.Seq  // the view was compared at
	Rows        int          // of the register
	View, Fold  journal.Hash // of the view's rows, and of the journal folded anew; must be equal
	Checkpoints []journal.Seq
	Bad         []journal.Seq // checkpoints that do not verify
}

// errEnough ends a reading of the journal; it never leaves the package.
var errEnough = errors.New("enough")

// Verify proves the whole station: every byte of both journals, every
// checkpoint, and that the view is the fold of the journal, by folding it anew
// beside. That takes as long as a start without checkpoints and some memory. A
// view that is not is made again by itself; a checkpoint that does not verify is
// left for the next Checkpoint to replace. The error is the first thing found wrong.
func (s *Store) Verify(ctx context.Context, progress func(Progress)) (Verification, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	var r Verification
	var first error
	note := func(err error) error {
		if first == nil {
			first = err
		}
		return ctx.Err()
	}
	for lane := range s.lanes {
		var err error
		if r.Lanes[lane], err = VerifyLane(ctx, s.o, journal.Lane(lane), progress); err != nil {
			if err := note(fmt.Errorf("lane %d: %w", lane, err)); err != nil {
				return r, err
			}
		}
	}
	if err := s.verifyCheckpoints(ctx, &r, note); err != nil {
		return r, err
	}
	if err := s.compareFold(ctx, &r, progress); err != nil {
		if err := note(err); err != nil {
			return r, err
		}
	}
	return r, first
}

func (s *Store) verifyCheckpoints(ctx context.Context, r *Verification, note func(error) error) error {
	s.checkpointing.Lock() // none is removed meanwhile
	defer s.checkpointing.Unlock()
	seqs, err := checkpoints(s.fs, s.dir)
	if err != nil {
		return err
	}
	for _, seq := range seqs {
		r.Checkpoints = append(r.Checkpoints, seq)
		if err := verifyCheckpoint(ctx, s.fs, ckptPath(s.dir, seq), s.keys.Data); err != nil {
			r.Bad = append(r.Bad, seq)
			s.forgetCheckpoint()
			if err := note(fmt.Errorf("checkpoint %d: %w", seq, err)); err != nil {
				return err
			}
		}
	}
	return nil
}

// VerifyLane reads every byte of one journal of the station in o without
// opening it for writing: what is left to ask when Open refuses.
func VerifyLane(ctx context.Context, o Options, lane journal.Lane, progress func(Progress)) (journal.VerifyReport, error) {
	o, err := o.defaults()
	if err != nil {
		return journal.VerifyReport{}, err
	}
	if progress == nil {
		progress = func(Progress) {}
	}
	keys, err := ReadKeys(o.FS, o.KeyFile)
	if err != nil {
		return journal.VerifyReport{}, err
	}
	jo := journal.Options{FS: o.FS, Dir: laneDir(o.Dir, keys.Epoch, lane), Lane: lane, Key: keys.Data, Secret: keys.Secret, Log: o.Log}
	g, err := journal.ReadGenesis(o.FS, jo.Dir)
	if err != nil {
		return journal.VerifyReport{}, err
	}
	var known journal.Seq // asked first: the journal may grow meanwhile
	var source string
	if lane == journal.LaneRegister {
		if known, source, err = knownDurable(o.FS, o.Dir, g.Origin); err != nil {
			return journal.VerifyReport{}, err
		}
	}
	r, err := journal.Verify(ctx, jo, func(done, total int64) { progress(Progress{Stage: StageJournal, Done: done, Total: total}) })
	if err != nil {
		return r, err
	}
	err = checkTail(r.Head, known, source)
	if d := (*journal.Damage)(nil); errors.As(err, &d) {
		r.Damage = append(r.Damage, d)
	}
	return r, err
}

// compareFold folds the journal into a view of its own and compares the rows.
func (s *Store) compareFold(ctx context.Context, r *Verification, progress func(Progress)) error {
	s.viewMu.RLock()
	defer s.viewMu.RUnlock()
	v := s.view
	if v == nil {
		return s.whyNoView()
	}
	txn, seq, done := v.read()
	defer done()
	r.Seq = seq
	var err error
	if r.View, r.Rows, err = register.Hash(txn, s.origin.Station); err != nil {
		s.suspect(v, err)
		return fmt.Errorf("%w: %w", errBadView, err)
	}
	if r.Fold, err = s.foldAnew(ctx, seq, progress); err != nil {
		return err
	}
	if r.Fold != r.View {
		err := fmt.Errorf("%w: it is not the fold of the journal at %d; it is made again", errBadView, seq)
		s.suspect(v, err)
		return err
	}
	return nil
}

// foldAnew folds the records up to seq into a temporary view and returns the
// hash of its rows.
func (s *Store) foldAnew(ctx context.Context, seq journal.Seq, progress func(Progress)) (h journal.Hash, err error) {
	if need, err := s.viewNeeds(); err != nil {
		return h, err
	} else if free, err := journal.OS.Free(filepath.Dir(s.o.ViewDir)); err != nil || free < need+s.o.Reserve {
		return h, errors.Join(fmt.Errorf("%w: no room to fold the journal anew beside", ErrFull), err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(s.o.ViewDir), verifyName)
	if err != nil {
		return h, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	key, err := viewKey(s.keys.Data)
	if err != nil {
		return h, err
	}
	v, err := openView(dir, s.o.View, key, s.log)
	if err != nil {
		return h, err
	}
	defer func() { err = errors.Join(err, v.close()) }()
	f := folder{v: v, origin: s.origin}
	defer f.discard()
	err = s.lanes[journal.LaneRegister].Read(ctx, 1, func(rec journal.Record) error {
		if rec.Seq > seq {
			return errEnough
		}
		if rec.Seq%1024 == 0 {
			progress(Progress{Stage: StageReplay, Done: int64(rec.Seq), Total: int64(seq)})
		}
		return f.fold(rec)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return h, err
	}
	if err := f.flush(); err != nil {
		return h, err
	}
	txn, _, done := v.read()
	defer done()
	h, _, err = register.Hash(txn, s.origin.Station)
	return h, err
}

// verifyCheckpoint decodes a checkpoint without using it.
func verifyCheckpoint(ctx context.Context, fsys journal.FS, name string, key journal.Key) error {
	f, err := fsys.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, _, err = readCheckpoint(ctx, f, key, func(CheckpointInfo) error { return nil }, func(_, _ []byte) error { return nil })
	return err
}
