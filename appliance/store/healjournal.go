package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"tramxa/appliance/journal"
)

// Source holds records this station wrote: the hub's archive, or a backup.
type Source interface {
	// Records calls fn for the records of a stretch, in order and without a hole
	// from its first on, as many as it holds: fewer is no error. It has verified
	// them, and that they follow on the stretch's Pre: journal.ErrForked when its
	// own do not. A record may be kept.
	Records(ctx context.Context, s journal.Stretch, fn func(journal.Record) error) error
}

// HealOptions of HealJournal.
type HealOptions struct {
	Options
	Sources []Source // asked in this order
	// AcceptEnd lets the journal end where its damaged end and all sources end,
	// although nobody can say whether records followed.
	AcceptEnd bool
}

// HealedLane tells what was done to one journal.
type HealedLane struct {
	Lane    journal.Lane
	Damage  []*journal.Damage // what was found
	Fetched uint64            // records taken from a source
	Head    journal.Seq       // last record of the journal made anew
	Hash    journal.Hash
	Aside   string // where the damaged one is kept
}

// ErrLost means that records are damaged and no source has them. It is a *LostError.
var ErrLost = errors.New("damaged records are nowhere else")

// LostError names the records that cannot be brought back. Nothing was changed.
type LostError struct {
	Lane     journal.Lane
	From, To journal.Seq // To 0: nobody can say how many, or whether there were any
}

// Error says which, and what a person can do.
func (e *LostError) Error() string {
	if e.To == 0 {
		return fmt.Sprintf("%v: lane %d is damaged at its end, and nobody can say whether records from %d on were there; hint: nothing was changed; accept the end at %d, or restore a newer backup",
			ErrLost, e.Lane, e.From, e.From-1)
	}
	return fmt.Sprintf("%v: lane %d, records %d to %d; hint: nothing was changed; give a backup that has them", ErrLost, e.Lane, e.From, e.To)
}

// Unwrap makes errors.Is(e, ErrLost) true.
func (e *LostError) Unwrap() error { return ErrLost }

// HealJournal makes the damaged journals of a station that is not running anew:
// good records from the damaged one, the others from a source. The new journal is
// built beside, must follow the chain from the genesis through every hash that the
// old one's headers and seals state to its end, is read back whole, and takes the
// place of the old one by renaming. The old one is kept. Cut at any point, it is
// called again, or the next start ends what was begun; nothing is lost between.
//
// ErrLost: some records are nowhere; nothing was changed. A journal without damage
// is left alone, and does not stand in the answer.
func HealJournal(ctx context.Context, ho HealOptions) (healed []HealedLane, err error) {
	o, err := ho.Options.defaults()
	if err != nil {
		return nil, err
	}
	keys, release, err := offline(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	for _, lane := range []journal.Lane{journal.LaneRegister, journal.LaneAccess} {
		h := healer{o: o, keys: keys, sources: ho.Sources, acceptEnd: ho.AcceptEnd, lane: lane, dir: laneDir(o.Dir, keys.Epoch, lane)}
		if err := h.heal(ctx); err != nil {
			return healed, fmt.Errorf("lane %d: %w", lane, err)
		}
		if len(h.did.Damage) > 0 {
			healed = append(healed, h.did)
		}
	}
	return healed, nil
}

// offline takes a station that is not running in hand: its keys and its lock, and
// what an interrupted swap has left to do is done.
func offline(o Options) (keys Keys, release func() error, err error) {
	if keys, err = ReadKeys(o.FS, o.KeyFile); err != nil {
		return keys, nil, err
	}
	var lock *lockFile
	if o.FS == journal.OS {
		if lock, err = takeLock(filepath.Join(o.Dir, lockName), o.Now()); err != nil {
			return keys, nil, err
		}
	}
	for _, lane := range []journal.Lane{journal.LaneRegister, journal.LaneAccess} {
		if err := finishSwap(o.FS, laneDir(o.Dir, keys.Epoch, lane)); err != nil {
			return keys, nil, errors.Join(err, lock.release())
		}
	}
	return keys, lock.release, nil
}

// Names beside a lane's folder while it is healed, and after.
const (
	healingExt = ".healing" // being built; worth nothing
	healedExt  = ".healed"  // whole; about to take the place
	asideExt   = ".bad-"    // and the time, UTC; the damaged one
	branchExt  = ".branch-" // first record of the branch, -, and the time; see Branch
)

// healer makes one lane anew.
type healer struct {
	o         Options
	keys      Keys
	sources   []Source
	acceptEnd bool
	lane      journal.Lane
	dir       string
	genesis   journal.Genesis
	known     journal.Seq // what must have been there
	open      bool        // more than that may have been there
	did       HealedLane
}

func (h *healer) heal(ctx context.Context) error {
	h.did.Lane = h.lane
	if err := h.examine(ctx); err != nil || len(h.did.Damage) == 0 {
		return err
	}
	temp := h.dir + healingExt
	for _, left := range []string{temp, h.dir + healedExt} {
		if err := removeFolder(h.o.FS, left); err != nil {
			return err
		}
	}
	head, hash, err := h.build(ctx, temp)
	if err != nil {
		return errors.Join(err, removeFolder(h.o.FS, temp))
	}
	r, err := journal.Verify(ctx, h.options(temp), nil)
	if err == nil && (r.Head != head || r.Hash != hash) {
		err = fmt.Errorf("%w: what was made anew does not read back", journal.ErrDamaged)
	}
	if err != nil {
		return err
	}
	h.did.Head, h.did.Hash = head, hash
	h.did.Aside, err = swapFolder(h.o.FS, h.dir, asideExt, h.o.Now())
	return err
}

// examine says what is damaged and up to where there were records.
func (h *healer) examine(ctx context.Context) (err error) {
	if h.genesis, err = journal.ReadGenesis(h.o.FS, h.dir); err != nil {
		return fmt.Errorf("%w; hint: the other lane's folder has the same file", err)
	}
	r, err := VerifyLane(ctx, h.o, h.lane, h.o.Progress)
	if err != nil && len(r.Damage) == 0 {
		return err
	}
	h.did.Damage = r.Damage
	h.known = r.Head
	if h.lane == journal.LaneRegister {
		known, _, err := knownDurable(h.o.FS, h.o.Dir, h.genesis.Origin)
		if err != nil {
			return err
		}
		h.known = max(h.known, known)
	}
	for _, d := range r.Damage {
		if h.open = h.open || d.Open; !d.Open || d.To > d.From {
			h.known = max(h.known, d.To) // with one alone at an open end it is a guess
		}
	}
	return nil
}

func (h *healer) options(dir string) journal.Options {
	return journal.Options{FS: h.o.FS, Dir: dir, Lane: h.lane, Genesis: h.genesis, Key: h.keys.Data, Secret: h.keys.Secret,
		Signer: h.keys.Signer, SegmentSize: h.o.SegmentSize, Log: h.o.Log}
}

// build writes the journal anew into dir and returns its end.
func (h *healer) build(ctx context.Context, dir string) (journal.Seq, journal.Hash, error) {
	if err := journal.Create(h.options(dir)); err != nil {
		return 0, journal.Hash{}, err
	}
	j, _, err := journal.Open(ctx, h.options(dir))
	if err != nil {
		return 0, journal.Hash{}, err
	}
	w := rewriter{h: h, to: j}
	err = journal.Salvage(ctx, h.options(h.dir), func(r journal.Record) error { return w.record(ctx, r) },
		func(seq journal.Seq, hash journal.Hash) error { return w.stated(ctx, seq, hash) })
	if err == nil {
		err = w.end(ctx)
	}
	seq, hash := j.Head()
	return seq, hash, errors.Join(err, j.Close())
}

// swapFolder puts the folder made anew in place of the old one, which is kept. Between the steps
// finishSwap knows what is left to do.
func swapFolder(fsys journal.FS, dir, ext string, now time.Time) (aside string, err error) {
	aside = dir + ext + now.UTC().Format("20060102T150405")
	for {
		if _, err := fsys.ReadDir(aside); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", err
		}
		aside += "x" // a second one in the same second, or by a clock that stands still
	}
	for _, step := range [][2]string{{dir + healingExt, dir + healedExt}, {dir, aside}, {dir + healedExt, dir}} {
		if err := fsys.Rename(step[0], step[1]); err != nil {
			return "", fmt.Errorf("put the healed journal in place: %w", err)
		}
		if err := syncParent(fsys, dir); err != nil {
			return "", fmt.Errorf("put the healed journal in place: %w", err)
		}
	}
	return aside, nil
}

// finishSwap ends a swap that was cut after the damaged folder was put aside.
func finishSwap(fsys journal.FS, dir string) error {
	if _, err := fsys.ReadDir(dir); !errors.Is(err, fs.ErrNotExist) {
		return nil // in place; what is wrong with it shows when it is opened
	}
	if _, err := fsys.ReadDir(dir + healedExt); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := fsys.Rename(dir+healedExt, dir); err != nil {
		return fmt.Errorf("put the healed journal in place: %w", err)
	}
	return syncParent(fsys, dir)
}

// removeFolder takes away a folder of files that is worth nothing; none is fine.
func removeFolder(fsys journal.FS, dir string) error {
	names, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, name := range names {
		if err == nil {
			err = fsys.Remove(filepath.Join(dir, name))
		}
	}
	if err == nil {
		err = errors.Join(fsys.SyncDir(dir), fsys.Remove(dir))
	}
	return err
}
