package backups

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// Once makes a copy now: from the station to the first place that takes it, from
// there to the others; proves it, and only then lets older ones go. The error
// names every place that has no good copy of this run; Status has the details.
func (n *Nightly) Once(ctx context.Context) (Status, error) {
	n.turn.Lock()
	defer n.turn.Unlock()
	n.setRunning(true)
	defer n.setRunning(false)
	now, _ := n.o.Now()
	targets := quickFirst(n.o.Targets())
	if len(targets) == 0 {
		return n.Status(), errors.New("there is no place for backups; hint: plug in a stick with a folder " + StickFolder)
	}
	r := run{n: n, now: now}
	for _, t := range targets {
		if ctx.Err() != nil {
			break
		}
		r.visit(ctx, t)
	}
	err := errors.Join(append(r.errs, ctx.Err(), n.save(now, r.looked))...)
	return n.Status(), err
}

// quickFirst puts sticks last: while the newest records are copied nobody can
// write, and a stick may be slow.
func quickFirst(list []Target) []Target {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Target) int {
		return cmp.Compare(b2i(a.Kind == Stick), b2i(b.Kind == Stick))
	})
	return list
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// run is one night.
type run struct {
	n      *Nightly
	now    time.Time
	first  *Copy // the copy of this run, where it was made
	looked []PlaceStatus
	errs   []error
}

// visit brings one place up to date.
func (r *run) visit(ctx context.Context, t Target) {
	st := r.n.known(t)
	p, err := r.n.open(t)
	if err == nil {
		err = r.copyAndProve(ctx, p, &st)
	}
	if err != nil && ctx.Err() != nil {
		return // stopped; the place is as it was
	}
	st.Problem, st.Error = Fine, ""
	if err != nil {
		st.Problem, st.Error = problemOf(err, t), err.Error()
		r.errs = append(r.errs, fmt.Errorf("%s: %w", t.Dir, err))
		r.n.o.Log.Error("backups: no good copy", "place", t.Dir, "kind", string(t.Kind), "cause", err)
	}
	if p != nil {
		st.count(p)
	}
	r.looked = append(r.looked, st)
}

// copyAndProve is the order that matters: copy, prove, then let older ones go.
func (r *run) copyAndProve(ctx context.Context, p *place, st *PlaceStatus) error {
	c, err := r.take(ctx, p)
	if err != nil {
		_ = p.collect() // what was begun is no copy; its room is wanted. The first error is the one to tell
		return err
	}
	st.Sequence, st.Made, st.Proven = uint64(c.Manifest.Seq), c.Made(), Not
	began := time.Now()
	if st.Proven, err = r.prove(ctx, p, &c); st.Proven != Not {
		st.ProvenAt = r.now.UTC().Truncate(time.Second)
	}
	if st.Proven == Not || err != nil && !errors.Is(err, ErrNoRoom) {
		return err
	}
	r.n.o.Log.Info("backups: a copy is proven", "place", p.folder, "number", c.Number, "sequence", uint64(c.Manifest.Seq),
		"proof", string(st.Proven), "written", p.written, "took", time.Since(began).Round(time.Millisecond))
	if r.first == nil {
		r.first = &c
	}
	list, _, lerr := Copies(p.fs, p.folder)
	if lerr != nil {
		return lerr
	}
	if ferr := p.forget(r.n.o.Keep.surplus(list)); ferr != nil {
		return ferr
	}
	return errors.Join(err, r.proveOlder(ctx, p, st))
}

// take makes the copy: from the station, or from where this run has it already.
func (r *run) take(ctx context.Context, p *place) (Copy, error) {
	if r.first != nil {
		return r.n.carry(ctx, *r.first, p)
	}
	if err := r.n.roomForNew(p); err != nil {
		return Copy{}, err
	}
	m, state, err := r.n.o.Station.BackupTo(ctx, p)
	if err != nil {
		return Copy{}, err
	}
	m.Made = r.now.UTC().Format(time.RFC3339)
	return r.n.enter(p, m, state)
}

// roomForNew looks beforehand whether what the station has and the place has not
// will fit.
func (n *Nightly) roomForNew(p *place) error {
	size, err := n.o.Station.BackupSize()
	if err != nil {
		return err
	}
	list, _, err := Copies(p.fs, p.folder)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		size -= list[len(list)-1].Size()
	}
	const beside = 8 << 20 // a new checkpoint, segments written to since
	return p.room(uint64(max(size, 0)) + beside)
}

// carry brings a copy to another place.
func (n *Nightly) carry(ctx context.Context, c Copy, p *place) (Copy, error) {
	var need int64
	for _, f := range c.Manifest.Files {
		if size, err := p.fs.Stat(poolPath(p.folder, journal.Hash(f.SHA256))); err != nil || size != f.Size {
			need += f.Size
		}
	}
	if err := p.room(uint64(need)); err != nil {
		return Copy{}, err
	}
	src, from := c.FS()
	for _, f := range c.Manifest.Files {
		if err := ctx.Err(); err != nil {
			return Copy{}, err
		}
		got, err := p.Keep(f.Name, func() (io.ReadCloser, error) {
			return src.OpenFile(filepath.Join(from, filepath.FromSlash(f.Name)), os.O_RDONLY, 0)
		})
		if err != nil {
			return Copy{}, err
		}
		if got.SHA256 != f.SHA256 {
			return Copy{}, fmt.Errorf("%w: %s is not what was written", store.ErrBadBackup, f.Name)
		}
	}
	return n.enter(p, c.Manifest, c.State)
}

// enter writes what lies beside the copies, then the copy itself, last.
func (n *Nightly) enter(p *place, m store.Manifest, state store.State) (Copy, error) {
	if n.o.Info != nil {
		info, g := n.o.Info(), n.o.Station.Genesis()
		info.Station, info.Unit, info.Genesis = uint32(g.Origin.Station), g.Unit, g.Marshal()
		b, err := info.Marshal()
		if err != nil {
			return Copy{}, err
		}
		if err := p.replace(InfoName, b); err != nil {
			return Copy{}, err
		}
	}
	if err := n.copySealed(p, m); err != nil {
		return Copy{}, err
	}
	return p.enter(m, state)
}

func (n *Nightly) copySealed(p *place, m store.Manifest) error {
	if n.o.Sealed == "" {
		return nil
	}
	b, err := journal.ReadFile(journal.OS, n.o.Sealed, SealedSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var info SealedInfo
	if err == nil {
		info, err = ReadSealed(b)
	}
	if err == nil && (info.Station != m.Station || info.Epoch != m.Epoch) {
		err = fmt.Errorf("%w: they are station %d's", ErrBadSealed, info.Station)
	}
	if err != nil { // a copy without sealed keys is still a copy
		n.o.Log.Error("backups: the sealed keys are not copied", "cause", err)
		return nil
	}
	return p.replace(SealedName, b)
}

// prove proves a new copy: the first of a run by restoring it, the others, which
// have the same files, by reading them back from their medium. What is damaged in
// the pool is copied once more; then c is the copy that has it.
func (r *run) prove(ctx context.Context, p *place, c *Copy) (Proven, error) {
	how, err := r.proveOnce(ctx, *c)
	if !errors.Is(err, store.ErrBadBackup) {
		return how, err
	}
	bad := p.damaged(*c)
	r.n.o.Log.Warn("backups: files of the pool are damaged and are copied again", "place", p.folder, "files", len(bad), "cause", err)
	if len(bad) == 0 {
		return Not, err
	}
	if err := p.discard(bad); err != nil {
		return Not, err
	}
	again, terr := r.take(ctx, p)
	if terr != nil {
		return Not, errors.Join(err, terr)
	}
	*c = again
	return r.proveOnce(ctx, again)
}

func (r *run) proveOnce(ctx context.Context, c Copy) (Proven, error) {
	if r.first == nil {
		_, err := Prove(ctx, c, r.n.proofOptions())
		if err == nil {
			return Restored, nil
		}
		if !errors.Is(err, ErrNoRoom) {
			return Not, err
		}
		if verr := r.n.readBack(ctx, c); verr != nil {
			return Not, verr
		}
		return Read, err
	}
	if err := r.n.readBack(ctx, c); err != nil {
		return Not, err
	}
	return Read, nil
}

func (n *Nightly) proofOptions() ProofOptions {
	return ProofOptions{KeyFile: n.o.KeyFile, Work: n.o.Home, Log: n.o.Log}
}

// readBack reads a copy whole.
func (n *Nightly) readBack(ctx context.Context, c Copy) error {
	keys, err := store.ReadKeys(journal.OS, n.o.KeyFile)
	if err != nil {
		return err
	}
	src, from := c.FS()
	_, err = store.VerifyBackup(ctx, src, from, keys)
	return err
}

// olderEvery is how often the oldest copy of a place is proven by restoring.
const olderEvery = 7 * 24 * time.Hour

// proveOlder restores the oldest copy of a place once a week.
func (r *run) proveOlder(ctx context.Context, p *place, st *PlaceStatus) error {
	if since := r.now.Sub(st.Oldest); since >= 0 && since < olderEvery {
		return nil
	}
	list, _, err := Copies(p.fs, p.folder)
	if err != nil || len(list) == 0 || len(list) == 1 && st.Proven == Restored {
		return err
	}
	if _, err := Prove(ctx, list[0], r.n.proofOptions()); err != nil {
		return fmt.Errorf("the oldest copy, number %d: %w", list[0].Number, err)
	}
	st.Oldest = r.now.UTC().Truncate(time.Second)
	return nil
}

// open opens the station's folder in a place. One in which a newer program made
// copies is left as it is.
func (n *Nightly) open(t Target) (*place, error) {
	g := n.o.Station.Genesis()
	p := &place{fs: n.o.FS, folder: filepath.Join(t.Dir, FolderName(g.Origin.Station, g.Key)), reserve: mediumReserve}
	if t.Kind == Local {
		p.reserve = n.o.Reserve
	}
	if _, _, err := Copies(p.fs, p.folder); errors.Is(err, journal.ErrNewer) {
		return p, fmt.Errorf("%w; hint: rename the folder, then a new one is begun, or install the newer version", err)
	}
	return p, p.fs.MkdirAll(p.folder, 0o700)
}

// known is what the last run left about a place.
func (n *Nightly) known(t Target) PlaceStatus {
	for _, p := range n.Status().Places {
		if p.Dir == t.Dir {
			p.Kind, p.Label, p.There = t.Kind, t.Label, true
			return p
		}
	}
	return PlaceStatus{Dir: t.Dir, Kind: t.Kind, Label: t.Label, There: true, Proven: Not}
}

// count looks what a place holds.
func (st *PlaceStatus) count(p *place) {
	if _, err := p.fs.ReadDir(p.folder); err != nil {
		return // the place is gone; what was known stays
	}
	list, _, err := Copies(p.fs, p.folder)
	if err != nil {
		return
	}
	st.Copies, st.Bytes = len(list), p.size()
	_, err = p.fs.Stat(filepath.Join(p.folder, SealedName))
	st.HasKeys = err == nil
}

// problemOf finds the word for an error.
func problemOf(err error, t Target) Problem {
	switch {
	case errors.Is(err, ErrNoRoom) && !errors.Is(err, syscall.ENOSPC):
		return NoRoom
	case errors.Is(err, syscall.ENOSPC):
		return NoRoom
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return ReadOnly
	case errors.Is(err, store.ErrBadBackup), errors.Is(err, ErrDiffers), errors.Is(err, journal.ErrDamaged):
		return Damaged
	}
	if _, serr := os.Stat(t.Dir); serr != nil || errors.Is(err, syscall.EIO) {
		return Gone
	}
	return Failed
}
