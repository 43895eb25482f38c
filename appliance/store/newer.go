package store

import (
	"context"
	"errors"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// A record of a newer program is carried and chained as any other, but it cannot be
// folded here: persons it made would be missing, and the serials it used would be
// given once more. So this program neither opens such a station nor restores it.

// refuseNewer refuses a station whose checkpoints a later fold made and whose
// journal has a record that is not understood, before anything is touched.
func (s *Store) refuseNewer(ctx context.Context) error {
	if later, err := laterFold(s.fs, s.dir); err != nil || !later {
		return err
	}
	return s.lanes[journal.LaneRegister].Read(ctx, 1, notUnderstood)
}

// understood refuses a station whose register has records kept for a newer program,
// which no checkpoint told of.
func (s *Store) understood() error {
	txn, _, done := s.view.read()
	defer done()
	var first uint64
	err := register.NewView(txn, s.origin.Station).Outside(func(seq uint64, why register.Reason) bool {
		if why.Pending() {
			first = seq
		}
		return first == 0
	})
	if err != nil {
		s.suspect(s.view, err) // the writer makes it again
		return nil
	}
	if first != 0 {
		return newerRecord(journal.Seq(first))
	}
	return nil
}

func notUnderstood(r journal.Record) error {
	if e, err := r.Envelope(); err == nil && !population.Understood(population.Kind(e.Kind), e.Version) {
		return newerRecord(r.Seq)
	}
	return nil
}

func newerRecord(seq journal.Seq) error {
	return fmt.Errorf("%w: record %d and maybe later ones", journal.ErrNewer, seq)
}

// understoodIn is refuseNewer for a backup, or a station that is not open.
func understoodIn(ctx context.Context, fsys journal.FS, dir string, keys Keys) error {
	if later, err := laterFold(fsys, dir); err != nil || !later {
		return err
	}
	o := journal.Options{FS: fsys, Dir: laneDir(dir, keys.Epoch, journal.LaneRegister), Lane: journal.LaneRegister, Key: keys.Data, Secret: keys.Secret}
	var err error
	if o.Genesis, err = journal.ReadGenesis(fsys, o.Dir); err != nil {
		return err
	}
	return journal.Salvage(ctx, o, notUnderstood, func(journal.Seq, journal.Hash) error { return nil })
}

// laterFold says whether a later version of the fold made a checkpoint in dir. Only
// such a program writes records that this one does not know. What a checkpoint that
// does not hold together says counts for nothing.
func laterFold(fsys journal.FS, dir string) (bool, error) {
	seqs, err := checkpoints(fsys, dir)
	if err != nil {
		return false, err
	}
	for _, seq := range seqs {
		info, err := readCheckpointInfo(fsys, ckptPath(dir, seq))
		if err == nil && info.Fold > register.FoldVersion {
			return true, nil
		}
	}
	return false, nil
}

// badBackup wraps what was found wrong with a backup. What a newer program wrote is
// not damaged.
func badBackup(what string, err error) error {
	if errors.Is(err, journal.ErrNewer) {
		return fmt.Errorf("backup: %s: %w", what, err)
	}
	return fmt.Errorf("%w: %s: %w", ErrBadBackup, what, err)
}
