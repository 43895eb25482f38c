package update

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"tramxa/appliance/journal"
)

const (
	manifestName   = "manifest.json"
	signaturesName = "signatures.json"
	healName       = "heal" + journal.TempSuffix
)

// intact compares a slot's file with what was signed. The launcher's own file
// is the one that runs.
func (s *Store) intact(st State, slot Slot, p Installed) error {
	if slot == Factory {
		return nil
	}
	got, size, err := s.hash(s.program(st, slot))
	if err == nil && (size != p.Size || got != p.SHA256) {
		err = fmt.Errorf("%w: program in slot %s was altered", ErrFormat, slot)
	}
	return err
}

func (s *Store) hash(name string) (Hash, int64, error) {
	f, err := s.fs.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return Hash{}, 0, err
	}
	defer f.Close()
	return hashOf(fileReader{f})
}

// fileReader lets a journal.File pass as an io.Reader and nothing more.
type fileReader struct{ journal.File }

// ensure leaves a slot with the file that was signed, brought back from its
// second copy or from the launcher when it is the same program.
func (s *Store) ensure(st State, slot Slot, p Installed) error {
	err := s.intact(st, slot, p)
	if err == nil {
		return nil
	}
	s.o.Log.Error("program file is not what was installed", "slot", slot, "version", p.Version, "err", err)
	temp := s.path("incoming", healName)
	healed := s.unpackCopy(temp, p)
	if healed != nil && st.Factory != nil && p.SHA256 == st.Factory.SHA256 {
		healed = s.copyProgram(temp, st.Launcher, p)
	}
	if healed == nil {
		healed = s.replace(temp, s.program(st, slot))
	}
	if healed != nil {
		_ = s.fs.Remove(temp) // the first error is the one to tell
		return errors.Join(err, healed)
	}
	s.o.Log.Info("program file brought back", "slot", slot, "version", p.Version)
	return s.intact(st, slot, p)
}

func (s *Store) copyPath(sum Hash) string { return s.path("copies", sum.String()+".zst") }

// unpackCopy writes the program from its second copy.
func (s *Store) unpackCopy(to string, p Installed) error {
	f, err := s.fs.OpenFile(s.copyPath(p.SHA256), os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	dec, err := zstd.NewReader(fileReader{f}, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return err
	}
	defer dec.Close()
	return s.writeProgram(to, dec, p)
}

func (s *Store) copyProgram(to, from string, p Installed) error {
	f, err := s.fs.OpenFile(from, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.writeProgram(to, fileReader{f}, p)
}

// writeProgram writes at most one byte more than the program has, makes it
// durable and compares it with what it must be.
func (s *Store) writeProgram(to string, r io.Reader, p Installed) error {
	return s.writeFile(to, 0o755, func(w io.Writer) error {
		got, n, err := hashOf(io.TeeReader(io.LimitReader(r, p.Size+1), w))
		if err == nil && (n != p.Size || got != p.SHA256) {
			err = fmt.Errorf("%w: not the program that was signed", ErrFormat)
		}
		return err
	})
}

// writeFile makes a file of what write writes, durable but for its name.
func (s *Store) writeFile(name string, perm fs.FileMode, write func(io.Writer) error) error {
	f, err := s.fs.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	if err = write(fileWriter{f}); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

type fileWriter struct{ journal.File }

// replace moves a file to its place, durably. A program that runs cannot be
// replaced on Windows, but it can be moved aside.
func (s *Store) replace(from, to string) error {
	err := s.fs.Rename(from, to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		if aside := s.fs.Rename(to, to+asideSuffix); aside == nil {
			err = s.fs.Rename(from, to)
		}
	}
	if err != nil {
		return err
	}
	return errors.Join(s.fs.SyncDir(filepath.Dir(to)), s.fs.SyncDir(filepath.Dir(from)))
}

const asideSuffix = ".aside"

// keepCopy makes the second copy of a program, from its file.
func (s *Store) keepCopy(file string, p Installed) error {
	if _, err := s.fs.Stat(s.copyPath(p.SHA256)); err == nil {
		return nil
	}
	in, err := s.fs.OpenFile(file, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	temp := s.copyPath(p.SHA256) + journal.TempSuffix
	err = s.writeFile(temp, 0o644, func(w io.Writer) error {
		enc, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
		if err != nil {
			return err
		}
		_, err = io.CopyBuffer(onlyWriter{enc}, fileReader{in}, make([]byte, 256<<10))
		return errors.Join(err, enc.Close())
	})
	if err == nil {
		err = s.replace(temp, s.copyPath(p.SHA256))
	}
	if err != nil {
		_ = s.fs.Remove(temp) // the first error is the one to tell
	}
	return err
}

// documents reads the release that a slot's program came with.
func (s *Store) documents(slot Slot, trust Trust) (Release, error) {
	m, err := journal.ReadFile(s.fs, s.path(string(slot), manifestName), MaxManifest)
	if err != nil {
		return Release{}, err
	}
	sigs, err := journal.ReadFile(s.fs, s.path(string(slot), signaturesName), MaxSignatures)
	if err != nil {
		return Release{}, err
	}
	return trust.Verify(m, sigs)
}

func (s *Store) writeDocuments(slot Slot, r Release) error {
	if err := journal.WriteFileAtomic(s.fs, s.path(string(slot), manifestName), r.manifest, 0o644); err != nil {
		return err
	}
	return journal.WriteFileAtomic(s.fs, s.path(string(slot), signaturesName), r.signatures, 0o644)
}
