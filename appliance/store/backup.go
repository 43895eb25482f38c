package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

// Backup writes a copy of the station to the folder to, which must be empty or
// not there: a checkpoint made now, both journals whole, the cursor, and a
// manifest with the hash of every file, written last. Then it reads everything
// back: hashes, both chains, and the checkpoint. Writing goes on meanwhile but
// for the moment in which the newest segment is copied.
//
// The copy is encrypted as the original is and worth nothing without the key
// file, of which there must be a copy elsewhere.
func (s *Store) Backup(ctx context.Context, to string) (Manifest, error) {
	if err := emptyDir(s.fs, to); err != nil {
		return Manifest{}, err
	}
	b := backup{s: s, to: to, got: map[string]ManifestFile{}}
	if err := b.checkpoint(ctx); err != nil {
		return Manifest{}, err
	}
	if err := b.segments(ctx, false); err != nil {
		return Manifest{}, err
	}
	if err := s.between(ctx, func() error { return b.last(ctx) }); err != nil {
		return Manifest{}, err
	}
	if err := b.cursor(); err != nil {
		return Manifest{}, err
	}
	m, err := b.manifest()
	if err != nil {
		return Manifest{}, err
	}
	return m, verifyBackup(ctx, s.fs, to, m, s.keys)
}

func emptyDir(fsys journal.FS, dir string) error {
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	names, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("%s is not empty; hint: give a folder of its own", dir)
	}
	return nil
}

// backup is one being written.
type backup struct {
	s      *Store
	to     string
	got    map[string]ManifestFile // by name
	seq    journal.Seq
	chain  journal.Hash
	access journal.Seq
}

// copy copies one file of the station's directory under the same name.
func (b *backup) copy(name string) error {
	rel, err := filepath.Rel(b.s.dir, name)
	if err != nil {
		return err
	}
	to := filepath.Join(b.to, rel)
	if err := b.s.fs.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	f, err := copyFile(b.s.fs, name, to)
	if err != nil {
		return fmt.Errorf("copy %s: %w", filepath.ToSlash(rel), err)
	}
	f.Name = filepath.ToSlash(rel)
	b.got[f.Name] = f
	return syncParent(b.s.fs, to)
}

func (b *backup) checkpoint(ctx context.Context) error {
	b.s.checkpointing.Lock() // so that it is not removed meanwhile
	defer b.s.checkpointing.Unlock()
	seq, err := b.s.checkpoint(ctx)
	if err != nil || seq == 0 {
		return err
	}
	return b.copy(ckptPath(b.s.dir, seq))
}

// segments copies the files of both journals that are not copied yet: all but
// the two newest segments of each lane, which the writer may still have in hand,
// or, when nobody appends, those too.
func (b *backup) segments(ctx context.Context, newest bool) error {
	for lane := range b.s.lanes {
		dir := laneDir(b.s.dir, b.s.keys.Epoch, journal.Lane(lane))
		names, err := b.s.fs.ReadDir(dir)
		if err != nil {
			return err
		}
		if !newest {
			names = settled(names)
		}
		for _, name := range names {
			if err := ctx.Err(); err != nil {
				return err
			}
			rel := filepath.ToSlash(filepath.Join("journal", fmt.Sprintf("e%d", b.s.keys.Epoch), fmt.Sprintf("lane%d", lane), name))
			if _, done := b.got[rel]; done || filepath.Ext(name) == journal.TempSuffix {
				continue
			}
			if err := b.copy(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// settled leaves out the two newest segments. Their names sort by age.
func settled(names []string) []string {
	isSegment := func(name string) bool { return filepath.Ext(name) == segmentExt }
	count := 0
	for _, name := range names {
		if isSegment(name) {
			count++
		}
	}
	return slices.DeleteFunc(names, func(name string) bool {
		if !isSegment(name) {
			return false
		}
		count--
		return count < 2
	})
}

// last copies what is still written to, while nobody does.
func (b *backup) last(ctx context.Context) error {
	b.s.access.Lock()
	defer b.s.access.Unlock()
	b.seq, b.chain = b.s.lanes[journal.LaneRegister].Head()
	b.access, _ = b.s.lanes[journal.LaneAccess].Head()
	return b.segments(ctx, true)
}

func (b *backup) cursor() error {
	b.s.cursorMu.Lock()
	defer b.s.cursorMu.Unlock()
	if b.s.cursor.Seq > b.seq || b.s.cursor.Seq == 0 {
		return nil // the hub states it again
	}
	return b.copy(filepath.Join(b.s.dir, cursorName))
}

func (b *backup) manifest() (Manifest, error) {
	g := b.s.Genesis()
	m := Manifest{
		Version: manifestVersion, Station: g.Origin.Station, Epoch: g.Origin.Epoch, Mint: g.Origin.Mint, Unit: g.Unit,
		Seq: b.seq, Chain: hexHash(b.chain), Access: b.access, Made: b.s.o.Now().UTC().Format(time.RFC3339),
	}
	for _, f := range b.got {
		m.Files = append(m.Files, f)
	}
	slices.SortFunc(m.Files, func(a, b ManifestFile) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	raw, err := seal(m)
	if err != nil {
		return m, err
	}
	return m, journal.WriteFileAtomic(b.s.fs, filepath.Join(b.to, manifestName), raw, 0o600)
}

// verifyBackup reads a backup back: every file's hash, the journals' chains up
// to the head that the manifest states, every checkpoint.
func verifyBackup(ctx context.Context, fsys journal.FS, dir string, m Manifest, keys Keys) error {
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := verifyFile(fsys, dir, f); err != nil {
			return err
		}
	}
	heads := [...]journal.Seq{journal.LaneRegister: m.Seq, journal.LaneAccess: m.Access}
	for lane, want := range heads {
		r, err := journal.Verify(ctx, journal.Options{
			FS: fsys, Dir: laneDir(dir, m.Epoch, journal.Lane(lane)), Lane: journal.Lane(lane), Key: keys.Data, Secret: keys.Secret,
		}, nil)
		if err != nil {
			return fmt.Errorf("%w: lane %d: %w", ErrBadBackup, lane, err)
		}
		if r.Head != want || lane == int(journal.LaneRegister) && r.Hash != journal.Hash(m.Chain) {
			return fmt.Errorf("%w: lane %d ends at %d, the manifest says %d", ErrBadBackup, lane, r.Head, want)
		}
	}
	seqs, err := checkpoints(fsys, dir)
	if err != nil {
		return err
	}
	for _, seq := range seqs {
		if err := verifyCheckpoint(ctx, fsys, ckptPath(dir, seq), keys.Data); err != nil {
			return fmt.Errorf("%w: checkpoint %d: %w", ErrBadBackup, seq, err)
		}
	}
	return nil
}

// Restore copies the backup in from to the directory o.Dir, which must be empty
// or not there, after verifying all of it with the keys in o.KeyFile, and opens
// it once, so that what is left is a station with a view. Nothing is written
// into from.
//
// A restored station that has exchanged with its hub since the backup is a copy
// of the past: the hub tells so at the first hello.
func Restore(ctx context.Context, from string, o Options) (Manifest, error) {
	o, err := o.defaults()
	if err != nil {
		return Manifest{}, err
	}
	keys, err := ReadKeys(o.FS, o.KeyFile)
	if err != nil {
		return Manifest{}, err
	}
	m, err := ReadManifest(o.FS, from)
	if err != nil {
		return Manifest{}, err
	}
	if m.Station != keys.Station || m.Epoch != keys.Epoch {
		return m, fmt.Errorf("%w: the backup is of station %d, epoch %d, the keys of station %d, epoch %d",
			journal.ErrWrongKey, m.Station, m.Epoch, keys.Station, keys.Epoch)
	}
	if err := verifyBackup(ctx, o.FS, from, m, keys); err != nil {
		return m, err
	}
	if err := emptyDir(o.FS, o.Dir); err != nil {
		return m, err
	}
	if err := restoreFiles(ctx, o.FS, from, o.Dir, m); err != nil {
		return m, err
	}
	return m, openOnce(ctx, o, m)
}

// ReadManifest reads the manifest of the backup in dir. fsys nil: the real one.
func ReadManifest(fsys journal.FS, dir string) (Manifest, error) {
	if fsys == nil {
		fsys = journal.OS
	}
	b, err := journal.ReadFile(fsys, filepath.Join(dir, manifestName), maxSealed)
	if err != nil {
		return Manifest{}, fmt.Errorf("%w: %w; hint: a backup without a manifest was never finished", ErrBadBackup, err)
	}
	return parseManifest(b)
}

// restoreFiles copies lane 0's genesis last: without it the directory is no
// station, so an interrupted restore cannot be taken for one.
func restoreFiles(ctx context.Context, fsys journal.FS, from, to string, m Manifest) error {
	genesis := ""
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if filepath.ToSlash(laneDir("", m.Epoch, journal.LaneRegister))+"/"+genesisFile == f.Name {
			genesis = f.Name
			continue
		}
		if err := restoreFile(fsys, from, to, f); err != nil {
			return err
		}
	}
	for _, f := range m.Files {
		if f.Name == genesis {
			return restoreFile(fsys, from, to, f)
		}
	}
	return fmt.Errorf("%w: it has no genesis", ErrBadBackup)
}

// Names in a lane's folder, as package journal has them.
const (
	genesisFile = "genesis.txg"
	segmentExt  = ".txj"
)

func restoreFile(fsys journal.FS, from, to string, want ManifestFile) error {
	target := filepath.Join(to, filepath.FromSlash(want.Name))
	if err := fsys.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	got, err := copyFile(fsys, filepath.Join(from, filepath.FromSlash(want.Name)), target)
	if err != nil {
		return fmt.Errorf("restore %s: %w", want.Name, err)
	}
	if got.Size != want.Size || got.SHA256 != want.SHA256 {
		return fmt.Errorf("%w: %s changed while it was copied", ErrBadBackup, want.Name)
	}
	return syncParent(fsys, target)
}

// openOnce opens and closes what was restored and looks whether it is all there.
func openOnce(ctx context.Context, o Options, m Manifest) error {
	s, err := Open(ctx, o)
	if err != nil {
		return fmt.Errorf("open what was restored: %w", err)
	}
	err = s.View(ctx, func(v *register.View) error {
		if v.Applied() != m.Seq {
			return fmt.Errorf("%w: the register stands at %d, the manifest says %d", ErrBadBackup, v.Applied(), m.Seq)
		}
		return nil
	})
	return errors.Join(err, s.Close())
}
