package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"tramxa/appliance/journal"
)

const (
	partSuffix = ".part"
	// partStep is how many bytes of a part are written between two syncs; after a
	// power cut the last of them are fetched again.
	partStep = 1 << 20
)

// Needed checks a release that the hub offers and lists what this machine must
// fetch of it: the patch from a program that it has, else the whole.
func (s *Store) Needed(r Release) ([]Part, []Text, error) {
	st, err := s.State()
	if err != nil {
		return nil, nil, err
	}
	warnings, err := s.check(st, r, Choice{})
	if err != nil {
		return nil, nil, err
	}
	f, _ := r.File(s.o.Machine.System, KindProgram)
	p := f.Packings[0]
	for _, q := range f.Packings[1:] {
		if slot, ok := st.holding(q.From); ok && q.Size < p.Size && s.intact(st, slot, *st.In(slot)) == nil {
			p = q
		}
	}
	keep := map[string]bool{p.SHA256.String() + partSuffix: true}
	for _, file := range r.Files { // of a root, what was begun is gone on with
		for _, q := range file.Packings {
			if file.Kind != KindProgram {
				keep[q.SHA256.String()+partSuffix] = true
			}
		}
	}
	s.sweep("incoming", func(name string) bool { return strings.HasSuffix(name, partSuffix) && !keep[name] })
	return []Part{{SHA256: p.SHA256, Size: p.Size, System: f.System, Kind: f.Kind, Encoding: p.Encoding, From: p.From}}, warnings, nil
}

// Incoming is a part on its way to this machine. It is used from one goroutine.
type Incoming struct {
	s     *Store
	part  Part
	f     journal.File
	dirty int64
}

// Incoming opens the file in which a part is collected; the caller closes it.
func (s *Store) Incoming(p Part) (*Incoming, error) {
	f, err := s.fs.OpenFile(s.partPath(p), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &Incoming{s: s, part: p, f: f}, nil
}

func (s *Store) partPath(p Part) string { return s.path("incoming", p.SHA256.String()+partSuffix) }

// Have is how many bytes are there already; go on from them.
func (in *Incoming) Have() (int64, error) {
	size, err := in.f.Size()
	if err != nil || size == in.part.Size {
		return size, err
	}
	return max(0, size-partStep), nil
}

// ReadAt is io.ReaderAt, of what is there.
func (in *Incoming) ReadAt(p []byte, off int64) (int, error) { return in.f.ReadAt(p, off) }

// WriteAt is io.WriterAt, for bytes within the part, in rising order.
func (in *Incoming) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > in.part.Size {
		return 0, fmt.Errorf("%w: %d bytes at %d of a part of %d", ErrFormat, len(p), off, in.part.Size)
	}
	n, err := in.f.WriteAt(p, off)
	if in.dirty += int64(n); err == nil && in.dirty >= partStep {
		in.dirty = 0
		err = in.f.Sync()
	}
	return n, err
}

// Done makes the part durable and compares it with what was signed. A part that
// is not right is emptied, to be fetched from the start.
func (in *Incoming) Done() error {
	if err := in.f.Sync(); err != nil {
		return err
	}
	size, err := in.f.Size()
	if err != nil {
		return err
	}
	got, n, err := hashOf(io.NewSectionReader(in.f, 0, size))
	if err != nil {
		return err
	}
	if n != in.part.Size || got != in.part.SHA256 {
		return errors.Join(fmt.Errorf("%w: part %s arrived altered; it is fetched again", ErrFormat, in.part.SHA256.Short()), in.f.Truncate(0))
	}
	return in.s.fs.SyncDir(in.s.path("incoming"))
}

// Close ends the use of the file; what is in it stays.
func (in *Incoming) Close() error { return in.f.Close() }

// StageIncoming is Stage with the parts that were fetched.
func (s *Store) StageIncoming(ctx context.Context, r Release, c Choice) error {
	err := s.Stage(ctx, r, c, s.openIncoming)
	if err == nil {
		s.sweep("incoming", func(name string) bool { return strings.HasSuffix(name, partSuffix) })
	}
	return err
}

func (s *Store) openIncoming(p Part) (io.ReadCloser, error) {
	f, err := s.fs.OpenFile(s.partPath(p), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoPart
	}
	return f, err
}
