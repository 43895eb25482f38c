package backups

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// Names in a station's folder of a place; see FORMAT.md.
const (
	copiesName = "copies"
	poolName   = "pool"
	copyExt    = ".json"
	badExt     = ".bad"
)

// StickFolder is the folder by which a stick says that it is for backups.
const StickFolder = "tramxa-backup"

const copyVersion = 1

// maxCopy bounds the file of a copy in bytes.
const maxCopy = 4 << 20

// FolderName is the folder of a station in a place: by its number, and by its
// key, because a practice commune may have the number of a real one.
func FolderName(station journal.Station, key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return fmt.Sprintf("station-%d-%x", station, sum[:4])
}

// copyFile is the file of a copy, version 1, frozen.
type copyFile struct {
	Version  int            `json:"version"`
	Number   int            `json:"number"` // 1, 2, 3 … in this place
	Fold     uint32         `json:"fold"`
	Rows     int            `json:"rows"`
	State    string         `json:"state"` // hash of the register at the manifest's sequence, hex
	Manifest store.Manifest `json:"manifest"`
}

// Copy is one backup of a station: one of the nightly copies in a place, or a
// folder that 'tramxa backup' made (Number 0).
type Copy struct {
	Folder   string // the station's folder in its place, or the backup itself
	Number   int
	Manifest store.Manifest
	State    store.State // zero: not stated
	fs       journal.FS
}

// Made is when the copy was made by the station's clock; zero when that cannot be
// read.
func (c Copy) Made() time.Time {
	t, err := time.Parse(time.RFC3339, c.Manifest.Made)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Size is the sum of its files in bytes; copies share most of them.
func (c Copy) Size() (sum int64) {
	for _, f := range c.Manifest.Files {
		sum += f.Size
	}
	return sum
}

// FS is a read-only file system, and the folder in it, in which the copy is a
// backup as package store knows it.
func (c Copy) FS() (journal.FS, string) {
	if c.Number == 0 {
		return cold{c.fs}, c.Folder
	}
	return newCopyFS(c), c.Folder
}

// Info are the particulars that lie with the copy; fs.ErrNotExist, ErrBadInfo.
func (c Copy) Info() (Info, error) {
	b, err := journal.ReadFile(c.fs, filepath.Join(c.Folder, InfoName), maxInfo)
	if err != nil {
		return Info{}, err
	}
	return ParseInfo(b)
}

// Sealed is the file with the sealed keys that lies with the copy;
// fs.ErrNotExist, ErrBadSealed.
func (c Copy) Sealed() ([]byte, error) {
	b, err := journal.ReadFile(c.fs, filepath.Join(c.Folder, SealedName), SealedSize)
	if err != nil {
		return nil, err
	}
	_, err = parseSealed(b)
	return b, err
}

func (c Copy) marshal() ([]byte, error) {
	return store.Seal(copyFile{Version: copyVersion, Number: c.Number, Fold: c.State.Fold, Rows: c.State.Rows,
		State: hex.EncodeToString(c.State.Hash[:]), Manifest: c.Manifest})
}

// parseCopy decodes the file of a copy; store.ErrBadBackup, journal.ErrNewer.
func parseCopy(b []byte) (Copy, error) {
	bad := func(err error) (Copy, error) { return Copy{}, fmt.Errorf("%w: %w", store.ErrBadBackup, err) }
	if len(b) > maxCopy {
		return bad(fmt.Errorf("%d bytes", len(b)))
	}
	if err := newerCopy(b); err != nil {
		return Copy{}, err
	}
	var f copyFile
	if err := store.Unseal(b, &f); err != nil {
		return bad(err)
	}
	hash, err := hex.DecodeString(f.State)
	if err != nil || len(hash) != len(journal.Hash{}) || f.Version != copyVersion || f.Number < 1 || f.Rows < 0 {
		return bad(errors.New("a field is out of its range"))
	}
	return Copy{Number: f.Number, Manifest: f.Manifest, State: store.State{Fold: f.Fold, Rows: f.Rows, Hash: journal.Hash(hash)}}, f.Manifest.Check()
}

// newerCopy says, with journal.ErrNewer, that a whole file of a copy, or the
// manifest in it, is of a later version. Such a copy is not damaged: it needs its
// files of the pool.
func newerCopy(b []byte) error {
	if err := store.NewerSealed(b, copyVersion); err != nil {
		return err
	}
	var loose map[string]json.RawMessage // of a later manifest nobody here knows the fields
	if store.Unseal(b, &loose) != nil {
		return nil
	}
	return store.NewerManifest(loose["manifest"])
}

func copyName(number int) string { return fmt.Sprintf("%06d%s", number, copyExt) }

func copyNumber(name string) (int, bool) {
	stem, ok := strings.CutSuffix(name, copyExt)
	n, err := strconv.ParseUint(stem, 10, 31)
	return int(n), ok && err == nil && copyName(int(n)) == name && n > 0
}

// Copies lists the copies in a station's folder, oldest first, and the names of
// those whose file does not hold together. When a newer program made one, the
// error wraps journal.ErrNewer and the list has the others: nobody here knows
// which files that one needs, so nothing may be written or removed there. fsys
// nil: the real one.
func Copies(fsys journal.FS, folder string) (list []Copy, bad []string, err error) {
	if fsys == nil {
		fsys = journal.OS
	}
	names, err := fsys.ReadDir(filepath.Join(folder, copiesName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var newer error
	for _, name := range names {
		n, ok := copyNumber(name)
		if !ok {
			continue
		}
		b, err := journal.ReadFile(fsys, filepath.Join(folder, copiesName, name), maxCopy)
		if err != nil && !errors.Is(err, journal.ErrTooLarge) {
			return nil, nil, err
		}
		c, err := parseCopy(b)
		if errors.Is(err, journal.ErrNewer) {
			newer = fmt.Errorf("%s: copy %d: %w", folder, n, err)
			continue
		}
		if err != nil || c.Number != n {
			bad = append(bad, name)
			continue
		}
		c.Folder, c.fs = folder, fsys
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Copy) int { return a.Number - b.Number })
	return list, bad, newer
}

// OpenFolder reads a backup that is a folder of its own; store.ErrBadBackup.
func OpenFolder(fsys journal.FS, dir string) (Copy, error) {
	if fsys == nil {
		fsys = journal.OS
	}
	m, err := store.ReadManifest(fsys, dir)
	return Copy{Folder: dir, Manifest: m, fs: fsys}, err
}

// Look finds the backups in a folder: it may be a place (tramxa-backup, or
// backups below the base), a station's folder in one, or a backup. Nothing there
// is no error. Beside an error there may be copies, see Copies.
func Look(fsys journal.FS, dir string) ([]Copy, error) {
	if fsys == nil {
		fsys = journal.OS
	}
	if _, err := fsys.Stat(filepath.Join(dir, store.ManifestName)); err == nil {
		c, err := OpenFolder(fsys, dir)
		if err != nil {
			return nil, err
		}
		return []Copy{c}, nil
	}
	all, _, err := Copies(fsys, dir)
	if err != nil || len(all) > 0 {
		return all, err
	}
	names, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, name := range names {
		if strings.HasPrefix(name, "station-") {
			some, _, cerr := Copies(fsys, filepath.Join(dir, name))
			all, err = append(all, some...), errors.Join(err, cerr)
		}
	}
	return all, err
}
