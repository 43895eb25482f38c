package crashfs

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
)

// Crash cuts the power, now or where CutAt did, and brings the disk back in a
// state that rng picks from those possible. All open files are dead, all faults
// but the quota are gone.
func (f *FS) Crash(rng *rand.Rand) {
	f.mu.Lock()
	defer f.mu.Unlock()
	keep := []float64{0, 0.5, 1}[rng.IntN(3)]
	inOrder := rng.IntN(2) == 0 // a file system that logs its names loses only the latest
	for _, c := range f.pending {
		if rng.Float64() < keep {
			f.settle(c)
		} else if inOrder {
			break
		}
	}
	f.pending = nil
	f.names, f.dirs = maps.Clone(f.onDisk), maps.Clone(f.dirDisk)
	seen := map[*inode]bool{}
	for _, name := range slices.Sorted(maps.Keys(f.names)) {
		if node := f.names[name]; !seen[node] {
			seen[node] = true
			node.crash(rng)
		}
	}
	f.life++
	f.fault = faults{calls: f.fault.calls}
}

// Clone returns a copy whose disk holds everything written here, as if synced,
// with no open files and no faults.
func (f *FS) Clone() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := New(Options{Quota: f.quota})
	c.dirs, c.dirDisk = maps.Clone(f.dirs), maps.Clone(f.dirs)
	for name, node := range f.names {
		c.names[name] = &inode{data: node.data.clone(), durable: node.data.clone()}
	}
	c.onDisk = maps.Clone(c.names)
	return c
}

// Flip changes one random bit of one random file under dir, on the disk and for
// readers, and says where. name is empty when there is no byte to flip.
func (f *FS) Flip(rng *rand.Rand, dir string) (name string, offset int64) {
	f.mu.Lock()
	var names []string
	for n, node := range f.names {
		if under(n, clean(dir)) && node.data.size > 0 {
			names = append(names, n)
		}
	}
	f.mu.Unlock()
	if len(names) == 0 {
		return "", 0
	}
	slices.Sort(names)
	name = names[rng.IntN(len(names))]
	size, _ := f.Stat(name)
	offset = rng.Int64N(size)
	_ = f.FlipBit(name, offset, rng.IntN(8)) // the file is there
	return name, offset
}

// FlipBit changes one bit (0 to 7) of the byte at offset.
func (f *FS) FlipBit(name string, offset int64, bit int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	node, ok := f.names[clean(name)]
	if !ok || offset < 0 || offset >= node.data.size {
		return pathError("flip", name, fs.ErrNotExist)
	}
	for _, m := range []*image{node.data, node.durable} {
		var b [1]byte
		m.readAt(b[:], offset)
		b[0] ^= 1 << bit
		m.put(b[:], offset)
	}
	return nil
}
