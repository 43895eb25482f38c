package backups

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// errReadOnly is what every change of a copy answers.
var errReadOnly = errors.New("a backup is only read")

// copyFS shows a copy as the folder that package store knows: the names of its
// manifest, whose bytes lie in the pool. It cannot write.
type copyFS struct {
	fs       journal.FS
	folder   string
	files    map[string]string   // name in the backup → path in the pool
	dirs     map[string][]string // folder in the backup → names in it
	manifest []byte
}

func newCopyFS(c Copy) journal.FS {
	f := copyFS{fs: c.fs, folder: filepath.Clean(c.Folder), files: map[string]string{}, dirs: map[string][]string{}}
	f.manifest, _ = c.Manifest.Marshal() // of plain fields: cannot fail
	f.add(store.ManifestName)
	for _, file := range c.Manifest.Files {
		f.files[file.Name] = poolPath(c.Folder, journal.Hash(file.SHA256))
		f.add(file.Name)
	}
	for _, names := range f.dirs {
		slices.Sort(names)
	}
	return f
}

// add enters a name into its folder, and that into its own.
func (f copyFS) add(name string) {
	for name != "." {
		dir, base := path.Dir(name), path.Base(name)
		if slices.Contains(f.dirs[dir], base) {
			return
		}
		f.dirs[dir] = append(f.dirs[dir], base)
		name = dir
	}
}

// rel is a path as the manifest names it.
func (f copyFS) rel(name string) (string, error) {
	rel, err := filepath.Rel(f.folder, name)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return filepath.ToSlash(rel), nil
}

func (f copyFS) OpenFile(name string, flag int, perm fs.FileMode) (journal.File, error) {
	rel, err := f.rel(name)
	if err != nil {
		return nil, err
	}
	if flag != os.O_RDONLY {
		return nil, errReadOnly
	}
	if rel == store.ManifestName {
		return &memFile{b: f.manifest}, nil
	}
	at, ok := f.files[rel]
	if !ok {
		return nil, fmt.Errorf("%s: %w", rel, fs.ErrNotExist)
	}
	return cold{f.fs}.OpenFile(at, flag, perm)
}

func (f copyFS) ReadDir(dir string) ([]string, error) {
	rel, err := f.rel(dir)
	if err != nil {
		return nil, err
	}
	names, ok := f.dirs[rel]
	if !ok {
		return nil, fmt.Errorf("%s: %w", rel, fs.ErrNotExist)
	}
	return slices.Clone(names), nil
}

func (f copyFS) Stat(name string) (int64, error) {
	rel, err := f.rel(name)
	if err != nil {
		return 0, err
	}
	if rel == store.ManifestName {
		return int64(len(f.manifest)), nil
	}
	if at, ok := f.files[rel]; ok {
		return f.fs.Stat(at)
	}
	return 0, fmt.Errorf("%s: %w", rel, fs.ErrNotExist)
}

func (f copyFS) Rename(string, string) error         { return errReadOnly }
func (f copyFS) Remove(string) error                 { return errReadOnly }
func (f copyFS) MkdirAll(string, fs.FileMode) error  { return errReadOnly }
func (f copyFS) SyncDir(string) error                { return errReadOnly }
func (f copyFS) Free(string) (bytes uint64, e error) { return 0, errReadOnly }

// cold is a file system whose files are read from the medium and not from the
// system's cache, as far as the system lets: what was just written to a stick is
// otherwise read back from memory.
type cold struct{ journal.FS }

func (c cold) OpenFile(name string, flag int, perm fs.FileMode) (journal.File, error) {
	f, err := c.FS.OpenFile(name, flag, perm)
	if fd, ok := f.(interface{ Fd() uintptr }); err == nil && ok {
		forget(fd.Fd())
	}
	return f, err
}

// memFile is a small file in memory.
type memFile struct {
	b  []byte
	at strings.Reader
}

func (m *memFile) reader() *strings.Reader {
	if m.at.Size() == 0 {
		m.at.Reset(string(m.b))
	}
	return &m.at
}

func (m *memFile) Read(p []byte) (int, error)              { return m.reader().Read(p) }
func (m *memFile) ReadAt(p []byte, off int64) (int, error) { return m.reader().ReadAt(p, off) }
func (m *memFile) Size() (int64, error)                    { return int64(len(m.b)), nil }
func (m *memFile) Close() error                            { return nil }
func (m *memFile) Write([]byte) (int, error)               { return 0, errReadOnly }
func (m *memFile) WriteAt([]byte, int64) (int, error)      { return 0, errReadOnly }
func (m *memFile) Sync() error                             { return errReadOnly }
func (m *memFile) Truncate(int64) error                    { return errReadOnly }
func (m *memFile) Allocate(int64, int64) error             { return errReadOnly }
