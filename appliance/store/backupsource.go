package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"tramxa/appliance/journal"
)

// BackupSource gives the records of a backup.
type BackupSource struct {
	dir  string
	fs   journal.FS // the backup lies on
	keys Keys
	m    Manifest
	good [2]bool // the lane's chain is verified
}

// OpenBackup reads the manifest of the backup in dir for HealJournal. o names the
// station to be healed, whose keys must fit.
func OpenBackup(dir string, o Options) (*BackupSource, error) { return OpenBackupFrom(o.FS, dir, o) }

// OpenBackupFrom is OpenBackup of a backup on another file system than the
// station's. nil: the real one.
func OpenBackupFrom(src journal.FS, dir string, o Options) (*BackupSource, error) {
	o, err := o.defaults()
	if err != nil {
		return nil, err
	}
	keys, err := ReadKeys(o.FS, o.KeyFile)
	if err != nil {
		return nil, err
	}
	return OpenBackupWith(src, dir, keys)
}

// OpenBackupWith is OpenBackupFrom for keys that lie in no file.
func OpenBackupWith(src journal.FS, dir string, keys Keys) (*BackupSource, error) {
	if src == nil {
		src = journal.OS
	}
	m, err := ReadManifest(src, dir)
	if err == nil && (m.Station != keys.Station || m.Epoch != keys.Epoch) {
		err = fmt.Errorf("%w: the backup is of station %d, epoch %d", journal.ErrWrongKey, m.Station, m.Epoch)
	}
	return &BackupSource{dir: dir, fs: src, keys: keys, m: m}, err
}

// Records is Source. The backup's whole chain is verified before the first record
// is given.
func (b *BackupSource) Records(ctx context.Context, s journal.Stretch, fn func(journal.Record) error) error {
	if s.Epoch != b.m.Epoch {
		return nil
	}
	jo := journal.Options{FS: b.fs, Dir: laneDir(b.dir, b.m.Epoch, s.Lane), Lane: s.Lane, Key: b.keys.Data, Secret: b.keys.Secret}
	var err error
	if jo.Genesis, err = journal.ReadGenesis(b.fs, jo.Dir); err != nil {
		return fmt.Errorf("%w: %w", ErrBadBackup, err)
	}
	if !b.good[s.Lane] {
		if _, err := journal.Verify(ctx, jo, nil); err != nil {
			return fmt.Errorf("%w: lane %d: %w", ErrBadBackup, s.Lane, err)
		}
		b.good[s.Lane] = true
	}
	chain := journal.Chain{Secret: b.keys.Secret, Lane: s.Lane, Hash: journal.Base(jo.Genesis, s.Lane)}
	err = journal.Salvage(ctx, jo, func(r journal.Record) error {
		if chain.Seq+1 == s.From && chain.Hash != s.Pre {
			return fmt.Errorf("%w: the backup's up to %d", journal.ErrForked, chain.Seq)
		}
		if s.To > 0 && r.Seq > s.To {
			return errEnough
		}
		if chain.Add(r.Head, r.Body); r.Seq < s.From {
			return nil
		}
		return fn(journal.Record{Seq: r.Seq, Head: bytes.Clone(r.Head), Body: bytes.Clone(r.Body)})
	}, func(journal.Seq, journal.Hash) error { return nil })
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
