package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/ristretto/v2/z"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

const (
	keptCheckpoints = 2
	rejectedExt     = ".bad"
	dueAfter        = 5000
	// rowsPerRecord is about how many rows of the register one person has; a
	// fifth of the register is meant in persons.
	rowsPerRecord = 16
)

// checkpointAfter is after how many records a checkpoint is due.
func (s *Store) checkpointAfter(rows uint64) uint64 {
	if s.o.CheckpointEvery > 0 {
		return uint64(s.o.CheckpointEvery)
	}
	return max(dueAfter, rows/rowsPerRecord/5)
}

// Checkpoint writes the register as it is now to a file, durably, and removes
// all but the two newest. It does nothing when nothing was recorded since the
// last. Writing goes on meanwhile.
func (s *Store) Checkpoint(ctx context.Context) error {
	s.checkpointing.Lock()
	defer s.checkpointing.Unlock()
	_, err := s.checkpoint(ctx)
	return err
}

// checkpoint returns the sequence of the newest checkpoint, made now if need be.
// The caller has s.checkpointing.
func (s *Store) checkpoint(ctx context.Context) (journal.Seq, error) {
	s.viewMu.RLock()
	defer s.viewMu.RUnlock()
	v := s.view
	if v == nil {
		return 0, s.whyNoView()
	}
	txn, seq, done := v.read()
	defer done()
	s.statusMu.Lock()
	last := s.stats.checkpoint
	s.statusMu.Unlock()
	if _, err := s.fs.Stat(ckptPath(s.dir, seq)); seq == last && (err == nil || seq == 0) {
		return seq, nil
	}
	sweepCheckpoints(s.fs, s.dir) // before the room is asked for: it may be what is missing
	if err := s.space.check(); err != nil {
		return 0, err
	}
	if err := v.verifyTables(); err != nil { // an iterator that meets a bad block ends without an error
		s.suspect(v, err)
		return 0, err
	}
	rows, err := s.saveRows(ctx, txn, seq)
	if err != nil {
		return 0, fmt.Errorf("write checkpoint: %w", err)
	}
	s.statusMu.Lock()
	s.stats.checkpoint, s.stats.rows = seq, rows
	s.statusMu.Unlock()
	return seq, s.prune()
}

// saveRows writes the rows txn sees as the checkpoint at seq.
func (s *Store) saveRows(ctx context.Context, txn *badger.Txn, seq journal.Seq) (rows uint64, err error) {
	chain, err := s.lanes[journal.LaneRegister].HashAt(seq)
	if err != nil {
		return 0, err
	}
	var salt [ckptSalt]byte
	if _, err := io.ReadFull(rand.Reader, salt[:]); err != nil {
		return 0, err
	}
	info := CheckpointInfo{Origin: s.origin, Fold: register.FoldVersion, Seq: seq, Chain: chain}
	name := ckptPath(s.dir, seq)
	if err := s.fs.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return 0, err
	}
	err = saveCheckpoint(s.fs, name, func(w io.Writer) error {
		_, rows, err = writeCheckpoint(w, info, s.keys.Data, salt, func(row func(k, v []byte) error) error {
			n := 0
			return register.Rows(txn, s.origin.Station, func(k, v []byte) error {
				if n++; n%1024 == 0 && ctx.Err() != nil {
					return ctx.Err()
				}
				return row(k, v)
			})
		})
		return err
	})
	return rows, err
}

// verifyTables reads every block of every table.
func (v *view) verifyTables() (err error) {
	defer func() {
		if p := recover(); p != nil { // badger's own answer to a block it cannot decode
			err = fmt.Errorf("%w: %v", errBadView, p)
		}
	}()
	if err := v.db.VerifyChecksum(); err != nil {
		return fmt.Errorf("%w: %w", errBadView, err)
	}
	return nil
}

// prune removes all checkpoints but the newest, and those that did not verify. The
// caller has s.checkpointing.
func (s *Store) prune() error {
	seqs, err := checkpoints(s.fs, s.dir)
	if err != nil {
		return err
	}
	for i, seq := range seqs {
		if i >= keptCheckpoints {
			err = errors.Join(err, s.fs.Remove(ckptPath(s.dir, seq)))
		}
	}
	folder := filepath.Join(s.dir, ckptName)
	names, rerr := s.fs.ReadDir(folder)
	err = errors.Join(err, rerr)
	for _, name := range names {
		if strings.HasSuffix(name, rejectedExt) {
			err = errors.Join(err, s.fs.Remove(filepath.Join(folder, name)))
		}
	}
	return errors.Join(err, s.fs.SyncDir(folder))
}

// rejectCheckpoint takes a file that did not verify out of the row. It is kept
// until the next checkpoint is durable.
func (s *Store) rejectCheckpoint(seq journal.Seq) error {
	name := ckptPath(s.dir, seq)
	return errors.Join(s.fs.Rename(name, name+rejectedExt), syncParent(s.fs, name))
}

// readCheckpointInfo reads what a checkpoint's header states, which is not
// authenticated.
func readCheckpointInfo(fsys journal.FS, name string) (CheckpointInfo, error) {
	f, err := fsys.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return CheckpointInfo{}, err
	}
	defer f.Close()
	b := make([]byte, ckptHeader)
	if _, err := io.ReadFull(f, b); err != nil {
		return CheckpointInfo{}, fmt.Errorf("%w: %w", ErrBadCheckpoint, err)
	}
	h, err := parseCkptHead(b)
	return h.CheckpointInfo, err
}

// newestCheckpoint is the sequence of the newest checkpoint by its header, 0 when
// there is none. Whether all of it verifies shows when it is needed, or at night.
func (s *Store) newestCheckpoint() (journal.Seq, error) {
	seqs, err := checkpoints(s.fs, s.dir)
	if err != nil {
		return 0, err
	}
	for _, seq := range seqs {
		if info, err := readCheckpointInfo(s.fs, ckptPath(s.dir, seq)); err == nil && s.acceptable(info, seq) == nil {
			return seq, nil
		}
	}
	return 0, nil
}

// forgetCheckpoint makes the next Checkpoint write one although nothing was
// recorded since.
func (s *Store) forgetCheckpoint() {
	s.statusMu.Lock()
	defer s.statusMu.Unlock()
	s.stats.checkpoint = 0
}

// acceptable refuses a checkpoint that is not of this journal.
func (s *Store) acceptable(info CheckpointInfo, seq journal.Seq) error {
	chain, err := s.lanes[journal.LaneRegister].HashAt(seq)
	switch {
	case info.Seq != seq || !s.ours(info):
		return fmt.Errorf("%w: another place or station in its header than in its name", ErrBadCheckpoint)
	case info.Fold != register.FoldVersion:
		return fmt.Errorf("%w: it was folded by version %d, this is %d", ErrBadCheckpoint, info.Fold, register.FoldVersion)
	case err != nil:
		return err
	case chain != info.Chain:
		return fmt.Errorf("%w: it does not meet the journal's chain", ErrBadCheckpoint)
	}
	return nil
}

// fromCheckpoint loads the checkpoint at seq into a fresh view.
func (s *Store) fromCheckpoint(ctx context.Context, key []byte, seq journal.Seq) (*view, error) {
	f, err := s.fs.OpenFile(ckptPath(s.dir, seq), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	v, err := s.freshView(key)
	if err != nil {
		return nil, err
	}
	l := newLoader(v, seq, func(rows int64) { s.o.Progress(Progress{Stage: StageCheckpoint, Done: rows}) })
	_, rows, err := readCheckpoint(ctx, f, s.keys.Data, func(info CheckpointInfo) error { return s.acceptable(info, seq) }, l.row)
	if err == nil {
		err = l.finish()
	} else {
		l.cancel()
	}
	if err == nil {
		err = v.adopt(s.origin.Station)
	}
	if err == nil && v.seq() != seq {
		err = fmt.Errorf("%w: its rows stand at %d", ErrBadCheckpoint, v.seq())
	}
	if err != nil {
		return nil, errors.Join(err, v.close(), os.RemoveAll(v.dir))
	}
	s.statusMu.Lock()
	s.stats.rows = rows
	s.statusMu.Unlock()
	return v, nil
}

// loader writes sorted rows straight into tables of an empty view.
type loader struct {
	sw       *badger.StreamWriter
	buf      *z.Buffer
	at       uint64
	rows     int64
	progress func(rows int64)
	err      error
}

// loadBuffer is how many bytes of rows are handed over at a time.
const loadBuffer = 1 << 20

func newLoader(v *view, seq journal.Seq, progress func(int64)) *loader {
	l := &loader{sw: v.db.NewStreamWriter(), buf: z.NewBuffer(loadBuffer+maxRowValue, "checkpoint"), at: stamp(seq), progress: progress}
	l.err = l.sw.Prepare()
	return l
}

func (l *loader) row(key, value []byte) error {
	if l.err != nil {
		return l.err
	}
	badger.KVToBuffer(&pb.KV{Key: key, Value: value, Version: l.at, StreamId: 1}, l.buf)
	if l.rows++; l.buf.LenNoPadding() >= loadBuffer {
		l.progress(l.rows)
		return l.flush()
	}
	return nil
}

func (l *loader) flush() error {
	if l.err = l.sw.Write(l.buf); l.err == nil {
		l.buf.Reset()
	}
	return l.err
}

func (l *loader) finish() error {
	if l.err == nil {
		l.err = l.flush()
	}
	if l.err != nil {
		l.cancel()
		return l.err
	}
	l.progress(l.rows)
	return errors.Join(l.sw.Flush(), l.buf.Release())
}

func (l *loader) cancel() {
	l.sw.Cancel()
	_ = l.buf.Release() // memory only
}
