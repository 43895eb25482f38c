package backups

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// ErrNoRoom means that a place has less room than a copy needs. Nothing that was
// there has changed.
var ErrNoRoom = errors.New("no room for the backup")

// place is the folder of a station in a place of backups. It is a store.Sink: each
// file goes into the pool under its hash, unless it is there.
type place struct {
	fs      journal.FS
	folder  string
	reserve uint64 // bytes that stay free
	written int64  // bytes put into the pool since it was opened
}

func poolPath(folder string, sum journal.Hash) string {
	name := hex.EncodeToString(sum[:])
	return filepath.Join(folder, poolName, name[:2], name)
}

// Keep is store.Sink.
func (p *place) Keep(name string, open func() (io.ReadCloser, error)) (store.ManifestFile, error) {
	got, err := sumOf(open)
	if err != nil {
		return got, err
	}
	got.Name = name
	to := poolPath(p.folder, journal.Hash(got.SHA256))
	if size, err := p.fs.Stat(to); err == nil && size == got.Size {
		return got, nil // whether it is whole, the proof shows
	}
	if err := p.room(uint64(got.Size)); err != nil {
		return got, err
	}
	in, err := open()
	if err != nil {
		return got, err
	}
	defer in.Close()
	return got, p.put(to, in, got)
}

// room wants so many bytes beside the reserve.
func (p *place) room(need uint64) error {
	free, err := p.fs.Free(p.folder)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if free < need+p.reserve {
		return fmt.Errorf("%w: %d MiB free, %d MiB are needed and %d MiB stay free; hint: use a larger stick or disk, or remove files from this one",
			ErrNoRoom, free>>20, need>>20+1, p.reserve>>20)
	}
	return nil
}

// put writes a file of the pool: temporary name, sync, rename, sync of the folder.
func (p *place) put(to string, in io.Reader, want store.ManifestFile) error {
	if err := p.fs.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	temp := to + journal.TempSuffix
	out, err := p.fs.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), in)
	if err == nil && (n != want.Size || [32]byte(sum.Sum(nil)) != [32]byte(want.SHA256)) {
		err = fmt.Errorf("%s changed while it was copied", want.Name)
	}
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = p.fs.Remove(temp) // the first error is the one to tell
		return err
	}
	p.written += n
	if err := p.fs.Rename(temp, to); err != nil {
		return err
	}
	return p.fs.SyncDir(filepath.Dir(to))
}

// sumOf reads all that open gives.
func sumOf(open func() (io.ReadCloser, error)) (store.ManifestFile, error) {
	in, err := open()
	if err != nil {
		return store.ManifestFile{}, err
	}
	defer in.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, in)
	f := store.ManifestFile{Size: n}
	copy(f.SHA256[:], sum.Sum(nil))
	return f, err
}

// replace puts a small file beside the copies unless it is the same already.
func (p *place) replace(name string, b []byte) error {
	at := filepath.Join(p.folder, name)
	if old, err := journal.ReadFile(p.fs, at, maxInfo); err == nil && string(old) == string(b) {
		return nil
	}
	return journal.WriteFileAtomic(p.fs, at, b, 0o600)
}

// enter makes what the pool holds a copy, with the next number.
func (p *place) enter(m store.Manifest, state store.State) (Copy, error) {
	list, bad, err := Copies(p.fs, p.folder)
	if err != nil {
		return Copy{}, err
	}
	c := Copy{Folder: p.folder, Number: 1, Manifest: m, State: state, fs: p.fs}
	for _, old := range list {
		c.Number = max(c.Number, old.Number+1)
	}
	for _, name := range bad {
		if n, ok := copyNumber(name); ok {
			c.Number = max(c.Number, n+1)
		}
	}
	b, err := c.marshal()
	if err != nil {
		return c, err
	}
	if err := p.fs.MkdirAll(filepath.Join(p.folder, copiesName), 0o700); err != nil {
		return c, err
	}
	return c, journal.WriteFileAtomic(p.fs, filepath.Join(p.folder, copiesName, copyName(c.Number)), b, 0o600)
}

// damaged lists the files of a copy that are not in the pool as the manifest
// states them. A file that cannot be read counts too.
func (p *place) damaged(c Copy) (bad []store.ManifestFile) {
	for _, f := range c.Manifest.Files {
		at := poolPath(p.folder, journal.Hash(f.SHA256))
		got, err := sumOf(func() (io.ReadCloser, error) { return cold{p.fs}.OpenFile(at, os.O_RDONLY, 0) })
		if err != nil || got.Size != f.Size || got.SHA256 != f.SHA256 {
			bad = append(bad, f)
		}
	}
	return bad
}

// discard takes damaged files out of the pool, so that they are copied again.
func (p *place) discard(bad []store.ManifestFile) error {
	for _, f := range bad {
		at := poolPath(p.folder, journal.Hash(f.SHA256))
		if err := p.fs.Rename(at, at+badExt); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := p.fs.SyncDir(filepath.Dir(at)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// forget removes copies, and then what of the pool no copy needs any more. A copy
// whose file is damaged is put aside first: nobody can say what it needs.
func (p *place) forget(gone []Copy) error {
	for _, c := range gone {
		if err := p.fs.Remove(filepath.Join(p.folder, copiesName, copyName(c.Number))); err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		if err := p.fs.SyncDir(filepath.Join(p.folder, copiesName)); err != nil {
			return err
		}
	}
	return p.collect()
}

// collect removes the files of the pool that no copy needs.
func (p *place) collect() error {
	list, bad, err := Copies(p.fs, p.folder)
	if err != nil {
		return err
	}
	for _, name := range bad {
		at := filepath.Join(p.folder, copiesName, name)
		if err := p.fs.Rename(at, at+badExt); err != nil {
			return err
		}
	}
	needed := map[string]bool{}
	for _, c := range list {
		for _, f := range c.Manifest.Files {
			needed[filepath.Base(poolPath("", journal.Hash(f.SHA256)))] = true
		}
	}
	return p.eachPooled(func(dir, name string) error {
		if needed[strings.ToLower(name)] { // some systems show short names on FAT in capitals
			return nil
		}
		return p.fs.Remove(filepath.Join(dir, name))
	})
}

// eachPooled visits the files of the pool.
func (p *place) eachPooled(fn func(dir, name string) error) error {
	pool := filepath.Join(p.folder, poolName)
	dirs, err := p.fs.ReadDir(pool)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, d := range dirs {
		if len(d) != 2 || err != nil {
			continue
		}
		var names []string
		if names, err = p.fs.ReadDir(filepath.Join(pool, d)); err != nil {
			return err
		}
		for _, name := range names {
			if strings.HasPrefix(strings.ToLower(name), strings.ToLower(d)) && err == nil {
				err = fn(filepath.Join(pool, d), name)
			}
		}
	}
	return err
}

// size is what the pool takes in bytes.
func (p *place) size() (sum int64) {
	_ = p.eachPooled(func(dir, name string) error { // what cannot be read is not counted
		n, err := p.fs.Stat(filepath.Join(dir, name))
		sum += n
		return err
	})
	return sum
}
