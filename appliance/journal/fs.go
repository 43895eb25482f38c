package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// FS is the part of a file system that the journal and the checkpoint files are
// written through: OS is the real one, crashfs the one that cuts the power.
// Errors satisfy errors.Is for fs.ErrNotExist, fs.ErrExist and syscall.ENOSPC.
type FS interface {
	// OpenFile takes the flags of package os. os.O_APPEND is not used.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// ReadDir returns the base names in dir, sorted.
	ReadDir(dir string) ([]string, error)
	// Rename replaces newname. Durable only after SyncDir.
	Rename(oldname, newname string) error
	Remove(name string) error
	MkdirAll(dir string, perm fs.FileMode) error
	// Stat returns the size of a file in bytes.
	Stat(name string) (size int64, err error)
	// SyncDir makes creations, renames and removals in dir durable.
	SyncDir(dir string) error
	// Free returns the bytes a process without privileges may still write.
	Free(dir string) (bytes uint64, err error)
}

// File is an open file. Read and Write share one position, ReadAt and WriteAt
// leave it alone. ReadAt may be called from any goroutine.
type File interface {
	Read(p []byte) (int, error)
	ReadAt(p []byte, off int64) (int, error)
	Write(p []byte) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	// Sync makes content and size durable. After an error nothing is known about
	// what was written since the last success, and a second call proves nothing.
	Sync() error
	Truncate(size int64) error
	Size() (int64, error)
	// Allocate reserves real space for n bytes at off, which must be the end of
	// the file, and makes the file that long; new bytes read as zero. On an
	// error the file may have grown by some zeros.
	Allocate(off, n int64) error
	Close() error
}

// OS is the real file system. SyncDir does nothing on Windows, where a directory
// cannot be flushed and NTFS logs the change of a name itself.
var OS FS = osFS{}

type osFS struct{}

type osFile struct{ *os.File }

func (osFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) ReadDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names, nil
}

func (osFS) Rename(oldname, newname string) error { return os.Rename(oldname, newname) }

func (osFS) Remove(name string) error { return os.Remove(name) }

// MkdirAll also makes the new names durable, from the first parent that existed.
func (osFS) MkdirAll(dir string, perm fs.FileMode) error {
	top := filepath.Clean(dir)
	for {
		if _, err := os.Stat(top); err == nil {
			break
		}
		up := filepath.Dir(top)
		if up == top {
			break
		}
		top = up
	}
	if err := os.MkdirAll(dir, perm); err != nil {
		return err
	}
	for d := filepath.Clean(dir); d != top; {
		d = filepath.Dir(d)
		if err := syncDir(d); err != nil {
			return err
		}
	}
	return nil
}

func (osFS) Stat(name string) (int64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (osFS) SyncDir(dir string) error { return syncDir(dir) }

func (osFS) Free(dir string) (uint64, error) { return freeBytes(dir) }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Allocate(off, n int64) error { return allocate(f.File, off, n) }

// writeZeros is Allocate where the system has no call for it.
func writeZeros(f *os.File, off, n int64) error {
	zeros := make([]byte, 64<<10)
	for n > 0 {
		m := min(n, int64(len(zeros)))
		if _, err := f.WriteAt(zeros[:m], off); err != nil {
			return err
		}
		off, n = off+m, n-m
	}
	return nil
}

// isNoSpace says whether err means that the disk, or the user's share, is full.
func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || isNoSpaceOS(err)
}
