package store

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"tramxa/appliance/journal"
)

// Refold makes the register of a station that is not running again from nothing
// but its journal: the view is set aside, the checkpoints go, every record is
// folded from the first. The journals are verified before anything is changed.
// Progress comes as at a start.
func Refold(ctx context.Context, o Options) (seq journal.Seq, state State, err error) {
	o, err = o.defaults()
	if err != nil {
		return 0, State{}, err
	}
	keys, release, err := offline(o)
	if err != nil {
		return 0, State{}, err
	}
	if err := understoodIn(ctx, o.FS, o.Dir, keys); err != nil {
		return 0, State{}, errors.Join(err, release())
	}
	for _, lane := range []journal.Lane{journal.LaneRegister, journal.LaneAccess} {
		if _, err := VerifyLane(ctx, o, lane, o.Progress); err != nil {
			return 0, State{}, errors.Join(err, release())
		}
	}
	err = errors.Join(removeFile(o.FS, filepath.Join(o.Dir, cleanName)), dropCheckpoints(o), release())
	if err != nil {
		return 0, State{}, err
	}
	s, err := Open(ctx, o)
	if err != nil {
		return 0, State{}, err
	}
	seq, state, err = s.State(ctx)
	return seq, state, errors.Join(err, s.Close())
}

// dropCheckpoints removes all of them; they are made again from the register.
func dropCheckpoints(o Options) error {
	folder := filepath.Join(o.Dir, ckptName)
	names, err := o.FS.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, name := range names {
		err = errors.Join(err, o.FS.Remove(filepath.Join(folder, name)))
	}
	return errors.Join(err, o.FS.SyncDir(folder))
}

// InitFrom makes the empty journals of an epoch that has begun already, from its
// genesis: for a station whose disk is lost and whose records the hub holds, which
// Rejoin then takes. The key file must be there and fit. A directory that has a
// station is fs.ErrExist.
func InitFrom(o Options, g journal.Genesis) error {
	o, err := o.defaults()
	if err != nil {
		return err
	}
	keys, err := ReadKeys(o.FS, o.KeyFile)
	if err != nil {
		return err
	}
	if err := g.Verify(); err != nil {
		return err
	}
	if !g.Key.Equal(keys.Signer.Public()) || g.Origin.Station != keys.Station || g.Origin.Epoch != keys.Epoch {
		return journal.ErrWrongKey
	}
	if err := emptyDir(o.FS, o.Dir); err != nil {
		return errors.Join(fs.ErrExist, err)
	}
	for _, lane := range []journal.Lane{journal.LaneAccess, journal.LaneRegister} { // lane 0 last: it stands for the whole
		if err := journal.Create(journal.Options{FS: o.FS, Dir: laneDir(o.Dir, keys.Epoch, lane), Lane: lane, Genesis: g}); err != nil {
			return err
		}
	}
	return nil
}

// Genesis reads the genesis of a station's directory or of a backup, from either
// lane. fsys nil: the real one.
func Genesis(fsys journal.FS, dir string, epoch journal.Epoch) (journal.Genesis, error) {
	g, err := journal.ReadGenesis(fsys, laneDir(dir, epoch, journal.LaneRegister))
	if err == nil {
		return g, nil
	}
	other, oerr := journal.ReadGenesis(fsys, laneDir(dir, epoch, journal.LaneAccess))
	if oerr == nil {
		return other, nil
	}
	return g, err
}
