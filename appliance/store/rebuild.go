package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// ViewState says how the view of this start, or of the last heal, came to be.
type ViewState struct {
	Trusted    bool        // a clean stop vouched for it
	Why        string      // why not; "" when trusted, "new" when there was none
	Checkpoint journal.Seq // loaded; 0 when folded from the beginning
	Replayed   uint64      // records folded after it
	SetAside   string      // folder the old view was moved to; "" none
}

// openView brings the view to the journal's head.
func (s *Store) openView(ctx context.Context) error {
	key, err := viewKey(s.keys.Data)
	if err != nil {
		return err
	}
	if err := s.sweep(); err != nil {
		return err
	}
	if err := s.makeRoom(viewRoom); err != nil {
		return err
	}
	v, err := s.trusted(key)
	if err == nil {
		s.found, s.view = ViewState{Trusted: true}, v
		if s.stats.checkpoint, err = s.newestCheckpoint(); err != nil {
			return err
		}
		return s.replay(ctx, v)
	}
	if !errors.Is(err, errNotTrusted) && !errors.Is(err, errBadView) {
		return err
	}
	s.view, err = s.rebuild(ctx, key, err)
	return err
}

// sweep removes what an interrupted Verify left beside the view, and what the
// interrupted writing of a checkpoint left.
func (s *Store) sweep() error {
	sweepCheckpoints(s.fs, s.dir)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(s.o.ViewDir), verifyName+"*"))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// trusted opens the view that the last clean stop left. The marker is taken away
// first: from here on nobody vouches for the files.
func (s *Store) trusted(key []byte) (*view, error) {
	m, ok, err := readMarker(s.fs, s.dir)
	if err != nil {
		return nil, err
	}
	if err := removeFile(s.fs, filepath.Join(s.dir, cleanName)); err != nil {
		return nil, fmt.Errorf("take the clean marker away: %w", err)
	}
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: no clean stop", errNotTrusted)
	case !m.believable():
		return nil, fmt.Errorf("%w: the system was restarted since", errNotTrusted)
	case m.Fold != register.FoldVersion:
		return nil, fmt.Errorf("%w: it was folded by version %d, this is %d", errNotTrusted, m.Fold, register.FoldVersion)
	}
	chain, err := s.lanes[journal.LaneRegister].HashAt(m.Seq)
	if err != nil {
		return nil, err
	}
	if chain != journal.Hash(m.Chain) {
		return nil, fmt.Errorf("%w: it was folded from another journal", errNotTrusted)
	}
	if err := s.compareFiles(m.Files); err != nil {
		return nil, err
	}
	v, err := openView(s.o.ViewDir, s.o.View, key, s.log)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadView, err)
	}
	if err := v.adopt(s.origin.Station); err != nil || v.seq() != m.Seq {
		return nil, errors.Join(fmt.Errorf("%w: it stands at %d, the clean stop was at %d", errBadView, v.seq(), m.Seq), err, v.close())
	}
	return v, nil
}

// compareFiles reads every file of the view before badger may touch it.
func (s *Store) compareFiles(want []viewFile) error {
	var done, total int64
	for _, f := range want {
		total += f.Size
	}
	got, err := sumFiles(s.o.ViewDir, func(n int64) {
		done += n
		s.o.Progress(Progress{Stage: StageView, Done: done, Total: total})
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errBadView, err)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("%w: its files are not what the clean stop left", errBadView)
	}
	return nil
}

// adopt reads the sequence at which the rows stand.
func (v *view) adopt(station journal.Station) error {
	txn := v.db.NewTransactionAt(^uint64(0)-1, false)
	defer txn.Discard()
	reg := register.Begin(txn, station)
	seq := reg.Applied()
	v.applied.Store(uint64(seq))
	v.db.SetDiscardTs(stamp(seq))
	return reg.Err()
}

// rebuild sets the old view aside and makes a new one: from the newest checkpoint
// that verifies, or from nothing, and the records after it.
func (s *Store) rebuild(ctx context.Context, key []byte, why error) (*view, error) {
	state := ViewState{Why: why.Error()}
	aside, had, err := s.setAside()
	if err != nil {
		return nil, err
	}
	state.SetAside = aside
	need, err := s.viewNeeds()
	if err != nil {
		return nil, err
	}
	if err := s.makeRoom(need); err != nil {
		return nil, err
	}
	if !had {
		state.Why = "new"
	} else {
		s.log.Warn("store: the view is made again", "cause", why, "old", aside)
	}
	seqs, err := checkpoints(s.fs, s.dir)
	if err != nil {
		return nil, err
	}
	for _, seq := range seqs {
		v, err := s.fromCheckpoint(ctx, key, seq)
		if errors.Is(err, ErrBadCheckpoint) || errors.Is(err, journal.ErrWrongKey) {
			s.log.Error("store: checkpoint does not verify, the one before is tried", "sequence", uint64(seq), "cause", err)
			if err := s.rejectCheckpoint(seq); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		state.Checkpoint = v.seq()
		return s.finish(ctx, v, state)
	}
	v, err := s.freshView(key)
	if err != nil {
		return nil, err
	}
	return s.finish(ctx, v, state)
}

// finish folds what came after a view's checkpoint.
func (s *Store) finish(ctx context.Context, v *view, state ViewState) (*view, error) {
	from := v.seq()
	if err := s.replay(ctx, v); err != nil {
		return nil, errors.Join(err, v.close())
	}
	state.Replayed = uint64(v.seq() - from)
	s.statusMu.Lock()
	s.found = state
	s.stats.checkpoint = state.Checkpoint
	s.statusMu.Unlock()
	return v, nil
}

// setAside moves the view's folder away and keeps only the last one moved. had
// is false when there was none.
func (s *Store) setAside() (name string, had bool, err error) {
	dir := s.o.ViewDir
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err := s.dropAside(filepath.Dir(dir)); err != nil {
		return "", true, fmt.Errorf("remove an older damaged view: %w", err)
	}
	name = badName + s.o.Now().UTC().Format("20060102T150405")
	to := filepath.Join(filepath.Dir(dir), name)
	if err := os.Rename(dir, to); err != nil {
		return "", true, fmt.Errorf("set the view aside: %w", err)
	}
	return name, true, nil
}

// freshView opens an empty view in the place of the one that was set aside.
func (s *Store) freshView(key []byte) (*view, error) {
	if err := os.MkdirAll(s.o.ViewDir, 0o700); err != nil {
		return nil, err
	}
	return openView(s.o.ViewDir, s.o.View, key, s.log)
}

// replay folds the records after the view's sequence up to the journal's head.
func (s *Store) replay(ctx context.Context, v *view) error {
	j := s.lanes[journal.LaneRegister]
	head, _ := j.Head()
	from := v.seq()
	if from > head {
		return fmt.Errorf("%w: view stands at %d, the journal at %d", journal.ErrDamaged, from, head)
	}
	total := int64(head - from)
	r := folder{v: v, origin: s.origin}
	err := j.Read(ctx, from+1, func(rec journal.Record) error {
		if rec.Seq%1024 == 0 {
			s.o.Progress(Progress{Stage: StageReplay, Done: int64(rec.Seq - from), Total: total})
		}
		return r.fold(rec)
	})
	if err == nil {
		err = r.flush()
	}
	r.discard()
	if err != nil {
		return fmt.Errorf("fold the journal again: %w", err)
	}
	s.o.Progress(Progress{Stage: StageReplay, Done: total, Total: total})
	return nil
}

// folder applies records in transactions of many.
type folder struct {
	v      *view
	origin journal.Origin
	txn    *badger.Txn // nil: none open
	reg    *register.Tx
	last   journal.Seq
	n      int
}

// foldBatch is after how many records a transaction is committed at the latest.
const foldBatch = 256

func (f *folder) fold(rec journal.Record) error {
	fits, err := f.apply(rec)
	if err != nil || fits {
		return err
	}
	if err := f.flush(); err != nil {
		return err
	}
	if fits, err = f.apply(rec); err == nil && !fits {
		err = fmt.Errorf("record %d does not fit one transaction of the view", rec.Seq)
	}
	return err
}

// apply folds rec unless the transaction has no room for it.
func (f *folder) apply(rec journal.Record) (fits bool, err error) {
	if f.txn == nil {
		f.txn = f.v.write()
		f.reg = register.Begin(f.txn, f.origin.Station)
	}
	f.reg.Savepoint()
	if _, err := f.reg.Apply(population.Mint(f.origin.Mint), rec); err != nil {
		return false, err
	}
	if rows, bytes := f.reg.Size(); !f.v.fits(rows, bytes) {
		return false, f.reg.Rollback()
	}
	if err := f.reg.Release(); err != nil {
		return false, err
	}
	f.last = rec.Seq
	if f.n++; f.n >= foldBatch {
		return true, f.flush()
	}
	return true, nil
}

func (f *folder) flush() error {
	if f.n == 0 {
		f.discard()
		return nil
	}
	if err := f.reg.Flush(); err != nil {
		return err
	}
	err := f.v.commit(f.txn, f.last)
	f.discard()
	return err
}

func (f *folder) discard() {
	if f.txn != nil {
		f.txn.Discard()
	}
	f.txn, f.reg, f.n = nil, nil, 0
}
