package update

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"tramxa/appliance/journal"
)

// InsideFS is the file system below one directory that follows no link out of
// it: for a process with privileges that works where others may write.
type InsideFS struct {
	dir  string
	root *os.Root
}

var _ journal.FS = (*InsideFS)(nil)

// Inside opens dir; names given to its methods begin with dir.
func Inside(dir string) (*InsideFS, error) {
	root, err := os.OpenRoot(dir)
	return &InsideFS{filepath.Clean(dir), root}, err
}

// Close ends the use of the directory.
func (i *InsideFS) Close() error { return i.root.Close() }

func (i *InsideFS) rel(name string) (string, error) {
	rel, err := filepath.Rel(i.dir, name)
	if err == nil && !filepath.IsLocal(rel) {
		err = fmt.Errorf("%s is not inside %s", name, i.dir)
	}
	return rel, err
}

// OpenFile is journal.FS.
func (i *InsideFS) OpenFile(name string, flag int, perm fs.FileMode) (journal.File, error) {
	rel, err := i.rel(name)
	if err != nil {
		return nil, err
	}
	f, err := i.root.OpenFile(rel, flag, perm)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", name)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return insideFile{f}, nil
}

// ReadDir is journal.FS.
func (i *InsideFS) ReadDir(dir string) ([]string, error) {
	rel, err := i.rel(dir)
	if err != nil {
		return nil, err
	}
	f, err := i.root.Open(rel)
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, errors.Join(err, f.Close())
}

// Rename is journal.FS.
func (i *InsideFS) Rename(oldname, newname string) error {
	from, err := i.rel(oldname)
	if err != nil {
		return err
	}
	to, err := i.rel(newname)
	if err != nil {
		return err
	}
	return i.root.Rename(from, to)
}

// Remove is journal.FS.
func (i *InsideFS) Remove(name string) error {
	rel, err := i.rel(name)
	if err != nil {
		return err
	}
	return i.root.Remove(rel)
}

// MkdirAll is journal.FS.
func (i *InsideFS) MkdirAll(dir string, perm fs.FileMode) error {
	rel, err := i.rel(dir)
	if err != nil {
		return err
	}
	return i.root.MkdirAll(rel, perm)
}

// Stat is journal.FS.
func (i *InsideFS) Stat(name string) (int64, error) {
	rel, err := i.rel(name)
	if err != nil {
		return 0, err
	}
	info, err := i.root.Stat(rel)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// SyncDir is journal.FS. Where a directory cannot be synced, it is a wish.
func (i *InsideFS) SyncDir(dir string) error {
	rel, err := i.rel(dir)
	if err != nil {
		return err
	}
	f, err := i.root.Open(rel)
	if err != nil {
		return err
	}
	if filepath.Separator == '/' {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Free is journal.FS.
func (i *InsideFS) Free(string) (uint64, error) { return journal.OS.Free(i.dir) }

type insideFile struct{ *os.File }

func (f insideFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Allocate only lengthens: what is written here is written once and whole.
func (f insideFile) Allocate(off, n int64) error { return f.Truncate(off + n) }
