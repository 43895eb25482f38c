package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

// Sink takes the files of a backup.
type Sink interface {
	// Keep stores what open gives under name (relative, with slashes), durably, and
	// says what that was. open may be called again and gives the same bytes. Some
	// files are kept while nobody can write, so it should be quick.
	Keep(name string, open func() (io.ReadCloser, error)) (ManifestFile, error)
}

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
	m, _, err := s.BackupTo(ctx, folderSink{s.fs, to})
	if err != nil {
		return Manifest{}, err
	}
	raw, err := seal(m)
	if err != nil {
		return Manifest{}, err
	}
	if err := journal.WriteFileAtomic(s.fs, filepath.Join(to, manifestName), raw, 0o600); err != nil {
		return Manifest{}, err
	}
	return m, verifyBackup(ctx, s.fs, to, m, s.keys)
}

// BackupTo gives the files of a backup to a sink, and what belongs into the
// manifest, which the caller writes last. State is the register's at the
// manifest's sequence. Nothing is read back.
func (s *Store) BackupTo(ctx context.Context, to Sink) (Manifest, State, error) {
	b := backup{s: s, to: to, got: map[string]ManifestFile{}, release: func() {}}
	defer func() { b.release() }()
	if err := b.checkpoint(ctx); err != nil {
		return Manifest{}, State{}, err
	}
	if err := b.segments(ctx, false); err != nil {
		return Manifest{}, State{}, err
	}
	if err := s.between(ctx, func() error { return b.last(ctx) }); err != nil {
		return Manifest{}, State{}, err
	}
	if err := b.cursor(); err != nil {
		return Manifest{}, State{}, err
	}
	state, err := b.state()
	return b.manifest(), state, err
}

// folderSink keeps files under their own names in a folder.
type folderSink struct {
	fs  journal.FS
	dir string
}

func (f folderSink) Keep(name string, open func() (io.ReadCloser, error)) (ManifestFile, error) {
	to := filepath.Join(f.dir, filepath.FromSlash(name))
	if err := f.fs.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return ManifestFile{}, err
	}
	in, err := open()
	if err != nil {
		return ManifestFile{}, err
	}
	defer in.Close()
	got, err := writeCopy(f.fs, in, to)
	if err != nil {
		return got, err
	}
	return got, syncParent(f.fs, to)
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

// backup is one being made.
type backup struct {
	s      *Store
	to     Sink
	got    map[string]ManifestFile // by name
	seq    journal.Seq
	chain  journal.Hash
	access journal.Seq

	view    *view // held from the moment nobody wrote until release
	txn     *badger.Txn
	release func()
}

// copy gives one file of the station's directory to the sink.
func (b *backup) copy(name string) error {
	rel, err := filepath.Rel(b.s.dir, name)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	f, err := b.to.Keep(rel, func() (io.ReadCloser, error) { return b.s.fs.OpenFile(name, os.O_RDONLY, 0) })
	if err != nil {
		return fmt.Errorf("copy %s: %w", rel, err)
	}
	f.Name = rel
	b.got[rel] = f
	return nil
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
	if err := b.hold(); err != nil {
		return err
	}
	return b.segments(ctx, true)
}

// hold keeps the register as it is now for state. It runs in the writer, whose
// own lock on the view it must not wait for; release may come from anywhere.
func (b *backup) hold() error {
	b.s.viewMu.RLock()
	v := b.s.view
	if v == nil || v.seq() != b.seq {
		b.s.viewMu.RUnlock()
		return ErrRebuilding
	}
	txn, _, done := v.read()
	b.view, b.txn = v, txn
	b.release = func() { done(); b.s.viewMu.RUnlock() }
	return nil
}

// state is the hash of the register that hold keeps.
func (b *backup) state() (State, error) {
	if err := b.view.verifyTables(); err != nil { // an iterator that meets a bad block ends without an error
		b.s.suspect(b.view, err)
		return State{}, err
	}
	h, rows, err := register.Hash(b.txn, b.s.origin.Station)
	if err != nil {
		b.s.suspect(b.view, err)
		return State{}, fmt.Errorf("%w: %w", errBadView, err)
	}
	return State{Fold: register.FoldVersion, Rows: rows, Hash: h}, nil
}

func (b *backup) cursor() error {
	b.s.cursorMu.Lock()
	defer b.s.cursorMu.Unlock()
	if b.s.cursor.Seq > b.seq || b.s.cursor.Seq == 0 {
		return nil // the hub states it again
	}
	return b.copy(filepath.Join(b.s.dir, cursorName))
}

func (b *backup) manifest() Manifest {
	g := b.s.Genesis()
	m := Manifest{
		Version: manifestVersion, Station: g.Origin.Station, Epoch: g.Origin.Epoch, Mint: g.Origin.Mint, Unit: g.Unit,
		Seq: b.seq, Chain: hexHash(b.chain), Access: b.access, Made: b.s.o.Now().UTC().Format(time.RFC3339),
	}
	for _, f := range b.got {
		m.Files = append(m.Files, f)
	}
	slices.SortFunc(m.Files, func(a, b ManifestFile) int { return strings.Compare(a.Name, b.Name) })
	return m
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
			return badBackup(fmt.Sprintf("lane %d", lane), err)
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
			return badBackup(fmt.Sprintf("checkpoint %d", seq), err)
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
	return RestoreFrom(ctx, o.FS, from, o)
}

// RestoreFrom is Restore of a backup that lies on another file system than the
// station to be made; src is only read. nil: the real one.
func RestoreFrom(ctx context.Context, src journal.FS, from string, o Options) (Manifest, error) {
	o, err := o.defaults()
	if err != nil {
		return Manifest{}, err
	}
	if src == nil {
		src = journal.OS
	}
	keys, err := ReadKeys(o.FS, o.KeyFile)
	if err != nil {
		return Manifest{}, err
	}
	m, err := VerifyBackup(ctx, src, from, keys)
	if err != nil {
		return m, err
	}
	if err := emptyDir(o.FS, o.Dir); err != nil {
		return m, err
	}
	if err := restoreFiles(ctx, src, from, o.FS, o.Dir, m); err != nil {
		return m, err
	}
	return m, openOnce(ctx, o, m)
}

// VerifyBackup reads a backup whole: every file's hash, both chains, every
// checkpoint. Nothing is written. A backup with records that this program does not
// understand is journal.ErrNewer. src nil: the real file system.
func VerifyBackup(ctx context.Context, src journal.FS, dir string, keys Keys) (Manifest, error) {
	if src == nil {
		src = journal.OS
	}
	m, err := ReadManifest(src, dir)
	if err != nil {
		return Manifest{}, err
	}
	if m.Station != keys.Station || m.Epoch != keys.Epoch {
		return m, fmt.Errorf("%w: the backup is of station %d, epoch %d, the keys of station %d, epoch %d",
			journal.ErrWrongKey, m.Station, m.Epoch, keys.Station, keys.Epoch)
	}
	if err := verifyBackup(ctx, src, dir, m, keys); err != nil {
		return m, err
	}
	return m, understoodIn(ctx, src, dir, keys)
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
func restoreFiles(ctx context.Context, src journal.FS, from string, fsys journal.FS, to string, m Manifest) error {
	genesis := ""
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if filepath.ToSlash(laneDir("", m.Epoch, journal.LaneRegister))+"/"+genesisFile == f.Name {
			genesis = f.Name
			continue
		}
		if err := restoreFile(src, from, fsys, to, f); err != nil {
			return err
		}
	}
	for _, f := range m.Files {
		if f.Name == genesis {
			return restoreFile(src, from, fsys, to, f)
		}
	}
	return fmt.Errorf("%w: it has no genesis", ErrBadBackup)
}

// Names in a lane's folder, as package journal has them.
const (
	genesisFile = "genesis.txg"
	segmentExt  = ".txj"
)

func restoreFile(src journal.FS, from string, fsys journal.FS, to string, want ManifestFile) error {
	target := filepath.Join(to, filepath.FromSlash(want.Name))
	if err := fsys.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	in, err := src.OpenFile(filepath.Join(from, filepath.FromSlash(want.Name)), os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("restore %s: %w", want.Name, err)
	}
	defer in.Close()
	got, err := writeCopy(fsys, in, target)
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

// BackupSize is about how many bytes a backup made now has.
func (s *Store) BackupSize() (sum int64, err error) {
	dirs := []string{filepath.Join(s.dir, ckptName)}
	for lane := range s.lanes {
		dirs = append(dirs, laneDir(s.dir, s.keys.Epoch, journal.Lane(lane)))
	}
	for _, dir := range dirs {
		names, err := s.fs.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		for _, name := range names {
			if size, err := s.fs.Stat(filepath.Join(dir, name)); err == nil { // a checkpoint may go meanwhile
				sum += size
			}
		}
	}
	return sum, nil
}
