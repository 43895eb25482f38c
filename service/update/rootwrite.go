package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"tramxa/appliance/journal"
	"tramxa/images/grubenv"
)

// writeRoot writes a squashfs over a partition and reads it back.
func (m RootMachine) writeRoot(ctx context.Context, device string, f ManifestFile) error {
	d, err := m.fs().OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = m.fill(ctx, d, f)
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

func (m RootMachine) fill(ctx context.Context, d journal.File, f ManifestFile) error {
	size, err := deviceSize(d)
	if err != nil {
		return err
	}
	if size < f.Size {
		return fmt.Errorf("the partition has %d bytes, the system needs %d", size, f.Size)
	}
	if err := m.unpackTo(ctx, f, func() io.Writer { return &writerAt{f: d} }); err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return err
	}
	forget(d)
	got, n, err := hashOf(io.NewSectionReader(d, 0, f.Size))
	if err == nil && (n != f.Size || got != f.SHA256) {
		err = errors.New("what was written does not read back: the disk is bad")
	}
	return err
}

// unpackTo unpacks the best part that the station has left: a patch from the
// root that runs, else the whole.
func (m RootMachine) unpackTo(ctx context.Context, f ManifestFile, to func() io.Writer) error {
	err := error(ErrNoPart)
	for _, p := range slices.Backward(f.Packings) {
		part, oerr := m.dirFS().OpenFile(filepath.Join(m.Dir, p.SHA256.String()+partSuffix), os.O_RDONLY, 0)
		if errors.Is(oerr, fs.ErrNotExist) {
			continue
		}
		if oerr != nil {
			return oerr
		}
		err = m.unpackPart(to(), &stoppable{ctx, fileReader{part}}, p, f)
		if cerr := part.Close(); err == nil {
			err = cerr
		}
		if err == nil {
			return nil
		}
	}
	return err
}

func (m RootMachine) unpackPart(w io.Writer, part io.Reader, p Packing, f ManifestFile) error {
	switch p.Encoding {
	case EncodingZstd:
		return unpack(w, part, p, nil, f)
	case EncodingPieces:
		old, err := m.fs().OpenFile(m.Devices[m.Running], os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		defer old.Close()
		return unpackPieces(w, part, p, old, f)
	}
	return ErrNoPart
}

// writeBootFile writes beside, reads back and renames. FAT does not promise that
// a rename is one step, and it need not be: GRUB is told of the slot later.
func (m RootMachine) writeBootFile(ctx context.Context, name string, f ManifestFile) error {
	if err := m.fs().MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	temp := name + journal.TempSuffix
	d, err := m.fs().OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	err = m.unpackTo(ctx, f, func() io.Writer { return &writerAt{f: d} })
	if err == nil {
		err = d.Sync()
	}
	if err == nil {
		forget(d)
		var got Hash
		if got, _, err = hashOf(io.NewSectionReader(d, 0, f.Size)); err == nil && got != f.SHA256 {
			err = errors.New("what was written does not read back: the disk is bad")
		}
	}
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = m.fs().Remove(temp) // the first error is the one to tell
		return err
	}
	if err := m.fs().Rename(temp, name); err != nil {
		return err
	}
	return m.fs().SyncDir(filepath.Dir(name))
}

// writeEnv writes the block in place: what differs stands in its first sector,
// which a power cut leaves old or new.
func (m RootMachine) writeEnv(env grubenv.Env) error {
	const sector = 512
	b := env.Marshal()
	f, err := m.fs().OpenFile(m.envName(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(b[:sector], 0); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// writerAt writes from the beginning on.
type writerAt struct {
	f   journal.File
	off int64
}

func (w *writerAt) Write(p []byte) (int, error) {
	n, err := w.f.WriteAt(p, w.off)
	w.off += int64(n)
	return n, err
}

// deviceSize is the size of a file or of a block device, which has none of its
// own in a directory.
func deviceSize(f journal.File) (int64, error) {
	if s, ok := f.(io.Seeker); ok {
		return s.Seek(0, io.SeekEnd)
	}
	return f.Size()
}
