package rescue

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

	"tramxa/appliance/journal"
)

// Range is a part of a file that the disk does not give back. In the copy there
// are zeros instead.
type Range struct {
	File   string `json:"file"` // relative to the station's directory, with slashes
	Offset int64  `json:"offset"`
	Length int64  `json:"length"` // -1: the whole file, of unknown size
}

// Big blocks go first, so that what is good is safe before the disk is troubled
// with what is bad.
const (
	bigBlock   = 256 << 10
	smallBlock = 4 << 10
	tries      = 3
)

// left are the names in a station's directory that are not worth taking: they are
// made again, or belong to the process that ran there.
var left = []string{"view", "ballast", "lock", "control.json", "backups"}

// leftPrefix are the beginnings of such names.
var leftPrefix = []string{"view.bad-", "verify-"}

// station files lists what is worth taking below dir, relative, sorted. omit names
// more that is left. What cannot be listed is noted.
func stationFiles(dir string, omit []string) (list []string, bad []Range) {
	_ = filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		rel, rerr := filepath.Rel(dir, name)
		if rerr != nil {
			return rerr
		}
		slashed := filepath.ToSlash(rel)
		if err != nil {
			bad = append(bad, Range{File: slashed, Length: -1})
			return nil
		}
		worthless := slices.Contains(left, rel) || slices.Contains(omit, rel) || strings.HasSuffix(rel, journal.TempSuffix)
		for _, p := range leftPrefix {
			worthless = worthless || strings.HasPrefix(rel, p)
		}
		switch {
		case worthless && e.IsDir():
			return fs.SkipDir
		case !worthless && e.Type().IsRegular():
			list = append(list, slashed)
		}
		return nil
	})
	return list, bad
}

// copier copies files off a disk that may be dying.
type copier struct {
	ctx      context.Context
	fs       journal.FS // of both sides
	from, to string
	progress func(done, total int64)

	done, total int64
	files       int
	bad         []Range
}

// run copies the files, then asks once more, in small pieces, for what the disk
// did not give at the first time. The error is of the target, or ctx's.
func (c *copier) run(list []string) error {
	for _, name := range list {
		if n, err := c.fs.Stat(c.src(name)); err == nil {
			c.total += n
		}
	}
	var again []Range
	for _, name := range list {
		holes, err := c.file(name)
		if err != nil {
			return err
		}
		again = append(again, holes...)
	}
	for _, r := range again {
		if err := c.refill(r); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) src(name string) string { return filepath.Join(c.from, filepath.FromSlash(name)) }
func (c *copier) dst(name string) string { return filepath.Join(c.to, filepath.FromSlash(name)) }

// file copies one file in big blocks and returns what it could not read.
func (c *copier) file(name string) (holes []Range, err error) {
	in, err := c.fs.OpenFile(c.src(name), os.O_RDONLY, 0)
	if err != nil {
		c.bad = append(c.bad, Range{File: name, Length: -1})
		return nil, nil
	}
	defer in.Close()
	size, err := in.Size()
	if err != nil {
		c.bad = append(c.bad, Range{File: name, Length: -1})
		return nil, nil
	}
	if err := c.fs.MkdirAll(filepath.Dir(c.dst(name)), 0o700); err != nil {
		return nil, err
	}
	out, err := c.fs.OpenFile(c.dst(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	buf := make([]byte, bigBlock)
	for off := int64(0); off < size && err == nil; off += bigBlock {
		n := int(min(bigBlock, size-off))
		if !read(in, buf[:n], off, 1) {
			clear(buf[:n])
			holes = append(holes, Range{File: name, Offset: off, Length: int64(n)})
		}
		if _, err = out.WriteAt(buf[:n], off); err == nil {
			err = c.ctx.Err()
		}
		c.done += int64(n)
		if c.progress != nil {
			c.progress(c.done, c.total)
		}
	}
	if err == nil {
		err = out.Sync()
	}
	c.files++
	return holes, errors.Join(err, out.Close())
}

// read fills p from off; it tries a few times.
func read(f journal.File, p []byte, off int64, times int) bool {
	for range times {
		n, err := f.ReadAt(p, off)
		if n == len(p) && (err == nil || err == io.EOF) {
			return true
		}
	}
	return false
}

// refill reads a hole again in small blocks.
func (c *copier) refill(r Range) (err error) {
	in, err := c.fs.OpenFile(c.src(r.File), os.O_RDONLY, 0)
	if err != nil {
		c.bad = append(c.bad, r)
		return nil
	}
	defer in.Close()
	out, err := c.fs.OpenFile(c.dst(r.File), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	buf := make([]byte, smallBlock)
	for off := r.Offset; off < r.Offset+r.Length && err == nil; off += smallBlock {
		n := int(min(smallBlock, r.Offset+r.Length-off))
		if read(in, buf[:n], off, tries) {
			_, err = out.WriteAt(buf[:n], off)
		} else {
			c.note(Range{File: r.File, Offset: off, Length: int64(n)})
		}
		if err == nil {
			err = c.ctx.Err()
		}
	}
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// note adds a bad range, joined to the one before when they touch.
func (c *copier) note(r Range) {
	if n := len(c.bad); n > 0 && c.bad[n-1].File == r.File && c.bad[n-1].Offset+c.bad[n-1].Length == r.Offset {
		c.bad[n-1].Length += r.Length
		return
	}
	c.bad = append(c.bad, r)
}

// room wants so many bytes free where dir is or will be, and some beside.
func room(fsys journal.FS, dir string, need int64) error {
	for up := dir; ; up = filepath.Dir(up) {
		free, err := fsys.Free(up)
		if errors.Is(err, fs.ErrNotExist) && filepath.Dir(up) != up {
			continue
		}
		if err != nil {
			return fmt.Errorf("ask for free space: %w", err)
		}
		const beside = 64 << 20
		if free < uint64(need)+beside {
			return fmt.Errorf("%w: %d MiB free, %d MiB are needed; hint: use a larger stick or disk", ErrNoRoom, free>>20, (need+beside)>>20)
		}
		return nil
	}
}
