package rescue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// ErrOccupied means that there is a station, or its keys, where one is to be put.
// With SetAside it is renamed.
var ErrOccupied = errors.New("there is a station here already")

// Target says where a station is put on this PC. Dir and KeyFile are required.
type Target struct {
	Dir      string
	KeyFile  string
	SetAside bool           // rename what is there, with a date; nothing is deleted
	Omit     []string       // names in a station's directory that are this PC's own and not taken along
	Sources  []store.Source // for records a damaged journal lacks
	// AcceptEnd lets a journal end where its damaged end and all sources end; see
	// store.HealOptions.
	AcceptEnd bool
	// Finish furnishes the directory before it gets its name (configuration,
	// number of the installation); nil: nothing.
	Finish   func(dir string) error
	Reserve  uint64 // see store.Options
	Now      func() time.Time
	Progress func(store.Progress)
	Log      *Log
}

// Settled is a station put in place.
type Settled struct {
	Dir     string
	Seq     journal.Seq
	State   store.State
	Agrees  bool               // State is what the backup states that the station had
	Differs error              // backups.ErrDiffers: State, folded from the whole journal, is not what the backup states
	Aside   []string           // what was there, renamed
	Bad     []Range            // what the old disk did not give back
	Healed  []store.HealedLane // journals made anew from Sources
	Taken   uint64             // records taken from the hub
}

// Move brings a station to this PC: it copies the directory, which it only reads,
// heals what is damaged from t.Sources, opens it once and puts it in place. keys
// must be the station's. Number, epoch and accounts stay; the installation is a
// new one, so the hub recognises another copy of the station. A station that a newer
// program wrote is journal.ErrNewer; what was copied by then is kept beside t.Dir, and
// the error names it.
func Move(ctx context.Context, f Found, keys store.Keys, t Target) (Settled, error) {
	t = t.defaults()
	if store.InUse(f.Path) {
		return Settled{}, fmt.Errorf("%w; hint: stop it first", store.ErrLocked)
	}
	t.Log.say(sayMove, f.Genesis.Origin.Station, f.Path, t.Dir)
	return t.settle(ctx, f, keys, func(dir string, s *Settled) error {
		list, bad := stationFiles(f.Path, t.Omit)
		c := copier{ctx: ctx, fs: journal.OS, from: f.Path, to: dir, bad: bad,
			progress: func(done, total int64) { t.Progress(store.Progress{Stage: StageCopy, Done: done, Total: total}) }}
		if err := c.run(list); err != nil {
			return err
		}
		s.Bad = c.bad
		t.Log.say(sayCopied, c.files, c.done)
		for _, r := range c.bad {
			t.Log.say(sayUnread, r.File, r.Offset, r.Offset+r.Length)
		}
		return t.heal(ctx, dir, keys, s)
	})
}

// StageCopy is the stage of progress in which files are copied: bytes.
const StageCopy = "copy"

// Restore makes the station of a backup on this PC. keys must be the station's. A
// register other than the one the backup states is folded again from the journal,
// which is the truth; if it still differs the station is put in place with
// Settled.Differs. Records that this program does not understand, and a copy beside
// newer ones that it cannot read (Found.Err), are journal.ErrNewer; then nothing is
// put in place.
func Restore(ctx context.Context, f Found, keys store.Keys, t Target) (Settled, error) {
	t = t.defaults()
	if err := f.Newer(); err != nil {
		return Settled{}, err
	}
	t.Log.say(sayRestore, f.Genesis.Origin.Station, f.Path, t.Dir)
	return t.settle(ctx, f, keys, func(dir string, _ *Settled) error {
		src, from := f.Backup.FS()
		_, err := store.RestoreFrom(ctx, src, from, t.options(dir))
		if err != nil {
			return err
		}
		if b, err := f.Backup.Sealed(); err == nil { // so that the next copies carry it too
			return journal.WriteFileAtomic(journal.OS, filepath.Join(dir, backups.SealedName), b, 0o600)
		}
		return nil
	})
}

// FromHub makes a station on this PC from what the hub has of it and nothing else.
// The genesis comes from its particulars or its registration.
func FromHub(ctx context.Context, g journal.Genesis, keys store.Keys, hub store.Source, t Target) (Settled, error) {
	t = t.defaults()
	t.Log.say(sayFromHub, g.Origin.Station, t.Dir)
	return t.settle(ctx, Found{Genesis: g}, keys, func(dir string, s *Settled) error {
		o := t.options(dir)
		if err := store.InitFrom(o, g); err != nil {
			return err
		}
		lanes, err := store.Rejoin(ctx, store.RejoinOptions{Options: o, Hub: hub})
		for _, l := range lanes {
			s.Taken += l.Taken
			t.Log.say(sayFetched, l.Lane, l.Taken)
		}
		if err == nil && s.Taken == 0 {
			err = fmt.Errorf("the hub has no record of station %d, epoch %d", g.Origin.Station, g.Origin.Epoch)
		}
		return err
	})
}

// defaults fills in what may be left out.
func (t Target) defaults() Target {
	if t.Now == nil {
		t.Now = time.Now
	}
	if t.Progress == nil {
		t.Progress = func(store.Progress) {}
	}
	return t
}

// options of the station while it is made.
func (t Target) options(dir string) store.Options {
	return store.Options{Dir: dir, KeyFile: t.KeyFile + unfinished, Reserve: t.Reserve, Ballast: -1, Progress: t.Progress}
}

// settle is the order for all: look, fill beside, open once, and only then set
// aside what is in the way and put the new one in place. Cut at any point it is
// done again; what was there is there, or beside under its other name.
func (t Target) settle(ctx context.Context, f Found, keys store.Keys, fill func(dir string, s *Settled) error) (s Settled, err error) {
	g := f.Genesis
	defer func() {
		if err != nil {
			t.Log.say(sayFailed, err)
		}
	}()
	if err := f.Unread(); err != nil {
		return s, err
	}
	if len(g.Key) == 0 {
		return s, fmt.Errorf("%w: its genesis cannot be read: %s; hint: take another copy", store.ErrBadBackup, f.Problem)
	}
	if !g.Key.Equal(keys.Signer.Public()) {
		return s, fmt.Errorf("%w: they are of another station than this", journal.ErrWrongKey)
	}
	if err := t.look(keys); err != nil {
		return s, err
	}
	if err := room(journal.OS, t.Dir, 3*f.Bytes); err != nil {
		return s, err
	}
	temp, tempKey := t.Dir+unfinished, t.KeyFile+unfinished
	if err := errors.Join(os.RemoveAll(temp), os.RemoveAll(tempKey)); err != nil { // of an attempt that was cut; worth nothing
		return s, err
	}
	if err := store.PutKeys(journal.OS, tempKey, keys); err != nil {
		return s, err
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(tempKey))
		if errors.Is(err, journal.ErrNewer) {
			err = t.refused(f, temp, err)
		}
	}()
	if err := fill(temp, &s); err != nil {
		return s, err
	}
	if s.Seq, s.State, err = openOnce(ctx, t.options(temp)); err != nil {
		return s, err
	}
	if err := t.compare(ctx, f, temp, &s); err != nil {
		return s, err
	}
	t.Log.say(sayState, s.Seq, s.State.Rows, s.State.Hash[:8])
	if t.Finish != nil {
		if err := t.Finish(temp); err != nil {
			return s, err
		}
	}
	if s.Aside, err = t.setAside(keys); err != nil {
		return s, err
	}
	if err := store.PutKeys(journal.OS, t.KeyFile, keys); err != nil {
		return s, err
	}
	if err := os.Rename(temp, t.Dir); err != nil {
		return s, err
	}
	s.Dir = t.Dir
	t.Log.say(sayInPlace, g.Origin.Station, t.Dir)
	t.Log.say(sayNextHub)
	return s, journal.OS.SyncDir(filepath.Dir(t.Dir))
}

// compare holds the register against what the backup states. The journal has been
// verified and is the truth: of another register a new one is folded from it, and
// if that differs too, what the backup states is what is wrong, and is only told.
func (t Target) compare(ctx context.Context, f Found, dir string, s *Settled) (err error) {
	if s.Agrees, err = f.Backup.Agrees(s.State); err == nil {
		return nil
	}
	t.Log.say(sayRefold, dir)
	if s.Seq, s.State, err = store.Refold(ctx, t.options(dir)); err != nil {
		return err
	}
	if s.Agrees, s.Differs = f.Backup.Agrees(s.State); s.Differs != nil {
		t.Log.say(sayDiffers, s.State.Rows, s.State.Hash[:8], f.Backup.State.Rows, f.Backup.State.Hash[:8])
	}
	return nil
}

// look refuses before anything is changed.
func (t Target) look(keys store.Keys) error {
	full, err := occupied(t.Dir)
	if err != nil {
		return err
	}
	if store.InUse(t.Dir) {
		return fmt.Errorf("%s: %w; hint: stop the service first", t.Dir, store.ErrLocked)
	}
	if t.SetAside {
		return nil
	}
	if full {
		return fmt.Errorf("%w: %s; hint: it can be set aside by renaming, nothing is deleted", ErrOccupied, t.Dir)
	}
	if t.foreignKey(keys) {
		return fmt.Errorf("%w: the key file %s is another station's; hint: it can be set aside by renaming, nothing is deleted", ErrOccupied, t.KeyFile)
	}
	return nil
}

// foreignKey says whether the key file's place is taken by other keys, or by
// something that is none.
func (t Target) foreignKey(keys store.Keys) bool {
	old, err := store.ReadKeys(journal.OS, t.KeyFile)
	if errors.Is(err, store.ErrNoKeys) {
		return false
	}
	return err != nil || !old.Signer.Equal(keys.Signer)
}

// heal makes damaged journals anew from the sources, in the copy. Without damage
// it does nothing; damage that no source can mend is an error.
func (t Target) heal(ctx context.Context, dir string, keys store.Keys, s *Settled) (err error) {
	if err := mendGenesis(dir, keys.Epoch); err != nil {
		return err
	}
	s.Healed, err = store.HealJournal(ctx, store.HealOptions{Options: t.options(dir), Sources: t.Sources, AcceptEnd: t.AcceptEnd})
	for _, h := range s.Healed {
		t.Log.say(sayHealed, h.Lane, h.Fetched, h.Head)
	}
	return err
}

// mendGenesis gives a lane whose genesis was lost the other lane's: they are the
// same file.
func mendGenesis(dir string, epoch journal.Epoch) error {
	g, err := store.Genesis(journal.OS, dir, epoch)
	if err != nil {
		return err
	}
	for _, lane := range []string{"lane0", "lane1"} {
		folder := filepath.Join(dir, "journal", fmt.Sprintf("e%d", epoch), lane)
		if _, err := journal.ReadGenesis(journal.OS, folder); err == nil {
			continue
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		if err := journal.WriteFileAtomic(journal.OS, filepath.Join(folder, "genesis.txg"), g.Marshal(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// openOnce opens a station, so that what is left has a register, and takes its state.
func openOnce(ctx context.Context, o store.Options) (journal.Seq, store.State, error) {
	st, err := store.Open(ctx, o)
	if err != nil {
		return 0, store.State{}, err
	}
	seq, state, err := st.State(ctx)
	return seq, state, errors.Join(err, st.Close())
}

// Rebuild makes the register of a station that is not running again from its
// journal. What a newer program wrote into that is journal.ErrNewer.
func Rebuild(ctx context.Context, f Found, keyFile string, progress func(store.Progress), log *Log) (store.State, error) {
	if err := f.Unread(); err != nil {
		return store.State{}, err
	}
	log.say(sayRefold, f.Path)
	seq, state, err := store.Refold(ctx, store.Options{Dir: f.Path, KeyFile: keyFile, Progress: progress, Ballast: -1})
	if err != nil {
		log.say(sayFailed, err)
		return state, err
	}
	log.say(sayState, seq, state.Rows, state.Hash[:8])
	return state, nil
}
