package crashfs

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"tramxa/appliance/journal"
)

// Errors of calls that meet a fault.
var (
	ErrPower = errors.New("crashfs: the power is off")
	ErrDead  = errors.New("crashfs: file was open when the power went")
)

// Options of a file system. The zero value is an empty disk without limit.
type Options struct {
	Seed  uint64 // of what happens in failing calls; Crash brings its own
	Quota int64  // bytes; 0 no limit
}

// FS is the file system. Its methods may be called from any goroutine.
type FS struct {
	mu      sync.Mutex
	rng     *rand.Rand
	quota   int64
	life    int // counts crashes; files of an earlier life are dead
	names   map[string]*inode
	onDisk  map[string]*inode // names as after a crash that loses every pending one
	pending []dirChange
	dirs    map[string]bool
	dirDisk map[string]bool // dirs as after a crash that loses every pending rename of one
	fault   faults
}

// dirChange is an unsynced creation (to), removal (from) or rename (both). A
// directory that is renamed has no node.
type dirChange struct {
	from, to string
	node     *inode
}

var (
	_ journal.FS   = (*FS)(nil)
	_ journal.File = (*file)(nil)
)

// New makes an empty file system with the directories "/" and ".".
func New(o Options) *FS {
	return &FS{
		rng: rand.New(rand.NewPCG(o.Seed, 0x6372617368)), quota: o.Quota,
		names: map[string]*inode{}, onDisk: map[string]*inode{},
		dirs: map[string]bool{"/": true, ".": true}, dirDisk: map[string]bool{"/": true, ".": true},
	}
}

func clean(name string) string { return path.Clean(filepath.ToSlash(name)) }

func pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// OpenFile is journal.FS.
func (f *FS) OpenFile(name string, flag int, _ fs.FileMode) (journal.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name = clean(name)
	node, ok := f.names[name]
	switch {
	case f.fault.off:
		return nil, pathError("open", name, ErrPower)
	case f.dirs[name]:
		return nil, pathError("open", name, syscall.EISDIR)
	case !ok && flag&os.O_CREATE == 0, !ok && !f.dirs[path.Dir(name)]:
		return nil, pathError("open", name, fs.ErrNotExist)
	case ok && flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
		return nil, pathError("open", name, fs.ErrExist)
	}
	h := &file{fs: f, name: name, node: node, life: f.life, writable: flag&(os.O_WRONLY|os.O_RDWR) != 0}
	if !ok {
		skip, err := f.fault.hit(OpCreate)
		if !skip {
			h.node = newInode()
			f.names[name] = h.node
			f.pending = append(f.pending, dirChange{to: name, node: h.node})
		}
		if err != nil {
			return nil, pathError("open", name, err)
		}
	} else if flag&os.O_TRUNC != 0 && node.data.size > 0 {
		return h, h.truncate(0)
	}
	return h, nil
}

// ReadDir is journal.FS.
func (f *FS) ReadDir(dir string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir = clean(dir)
	if f.fault.off {
		return nil, pathError("readdir", dir, ErrPower)
	}
	if !f.dirs[dir] {
		return nil, pathError("readdir", dir, fs.ErrNotExist)
	}
	var names []string
	for name := range f.names {
		if path.Dir(name) == dir {
			names = append(names, path.Base(name))
		}
	}
	for d := range f.dirs {
		if d != dir && path.Dir(d) == dir && d != "." {
			names = append(names, path.Base(d))
		}
	}
	slices.Sort(names)
	return names, nil
}

// Rename is journal.FS. A directory may be renamed only to a name that is not
// there, and when every name below it is synced.
func (f *FS) Rename(oldname, newname string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	oldname, newname = clean(oldname), clean(newname)
	if f.dirs[oldname] {
		return f.renameDir(oldname, newname)
	}
	node, ok := f.names[oldname]
	if !ok || !f.dirs[path.Dir(newname)] {
		return pathError("rename", oldname, fs.ErrNotExist)
	}
	skip, err := f.fault.hit(OpRename)
	if !skip {
		delete(f.names, oldname)
		f.names[newname] = node
		f.pending = append(f.pending, dirChange{from: oldname, to: newname, node: node})
	}
	if err != nil {
		return pathError("rename", oldname, err)
	}
	return nil
}

// renameDir moves a directory in one step.
func (f *FS) renameDir(oldname, newname string) error {
	if _, there := f.names[newname]; there || f.dirs[newname] || !f.dirs[path.Dir(newname)] {
		return pathError("rename", newname, fs.ErrExist)
	}
	for _, c := range f.pending {
		if under(c.from, oldname) || under(c.to, oldname) {
			return pathError("rename", oldname, errors.New("crashfs: names below are not synced"))
		}
	}
	skip, err := f.fault.hit(OpRename)
	if !skip {
		move(f.names, oldname, newname)
		move(f.dirs, oldname, newname)
		f.pending = append(f.pending, dirChange{from: oldname, to: newname})
	}
	if err != nil {
		return pathError("rename", oldname, err)
	}
	return nil
}

// move renames from and all below it.
func move[T any](names map[string]T, from, to string) {
	for name, v := range maps.Clone(names) {
		if name == from || under(name, from) {
			delete(names, name)
			names[to+strings.TrimPrefix(name, from)] = v
		}
	}
}

// Remove is journal.FS, for files and empty directories.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	name = clean(name)
	if f.dirs[name] {
		return f.removeDir(name)
	}
	if _, ok := f.names[name]; !ok {
		return pathError("remove", name, fs.ErrNotExist)
	}
	skip, err := f.fault.hit(OpRemove)
	if !skip {
		delete(f.names, name)
		f.pending = append(f.pending, dirChange{from: name})
	}
	if err != nil {
		return pathError("remove", name, err)
	}
	return nil
}

func (f *FS) removeDir(dir string) error {
	for name := range f.names {
		if path.Dir(name) == dir {
			return pathError("remove", dir, syscall.ENOTEMPTY)
		}
	}
	for d := range f.dirs {
		if d != dir && path.Dir(d) == dir {
			return pathError("remove", dir, syscall.ENOTEMPTY)
		}
	}
	delete(f.dirs, dir)
	delete(f.dirDisk, dir)
	return nil
}

// MkdirAll is journal.FS; the directories are durable at once.
func (f *FS) MkdirAll(dir string, _ fs.FileMode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault.off {
		return pathError("mkdir", dir, ErrPower)
	}
	for d := clean(dir); !f.dirs[d]; d = path.Dir(d) {
		if _, ok := f.names[d]; ok {
			return pathError("mkdir", d, syscall.ENOTDIR)
		}
		f.dirs[d], f.dirDisk[d] = true, true
	}
	return nil
}

// Stat is journal.FS; a directory has size 0.
func (f *FS) Stat(name string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name = clean(name)
	if f.fault.off {
		return 0, pathError("stat", name, ErrPower)
	}
	if f.dirs[name] {
		return 0, nil
	}
	node, ok := f.names[name]
	if !ok {
		return 0, pathError("stat", name, fs.ErrNotExist)
	}
	return node.data.size, nil
}

// SyncDir is journal.FS.
func (f *FS) SyncDir(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir = clean(dir)
	if !f.dirs[dir] {
		return pathError("syncdir", dir, fs.ErrNotExist)
	}
	if _, err := f.fault.hit(OpSyncDir); err != nil {
		return pathError("syncdir", dir, err)
	}
	var later []dirChange
	for _, c := range f.pending {
		if (c.from != "" && path.Dir(c.from) == dir) || (c.to != "" && path.Dir(c.to) == dir) {
			f.settle(c)
		} else {
			later = append(later, c)
		}
	}
	f.pending = later
	return nil
}

// settle makes a change durable.
func (f *FS) settle(c dirChange) {
	if c.node == nil && c.from != "" && c.to != "" {
		move(f.onDisk, c.from, c.to)
		move(f.dirDisk, c.from, c.to)
		return
	}
	c.apply(f.onDisk)
}

func (c dirChange) apply(names map[string]*inode) {
	if c.from != "" {
		delete(names, c.from)
	}
	if c.to != "" {
		names[c.to] = c.node
	}
}

// Free is journal.FS; without a quota it is a tebibyte.
func (f *FS) Free(string) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return uint64(f.free()), nil
}

func (f *FS) free() int64 {
	if f.quota <= 0 {
		return 1 << 40
	}
	used := int64(0)
	for _, node := range f.names {
		used += node.data.size
	}
	return max(0, f.quota-used)
}

// SetQuota makes the disk n bytes large, by the sum of file sizes; 0 is no limit.
func (f *FS) SetQuota(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.quota = n
}

// Files returns the full names of all files, sorted.
func (f *FS) Files() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.names))
}

// under says whether name lies in dir or below.
func under(name, dir string) bool {
	return dir == "/" || dir == "." || strings.HasPrefix(name, dir+"/")
}
