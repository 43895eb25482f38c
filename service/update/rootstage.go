package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"tramxa/appliance/journal"
)

// StageRoot puts the root of a bundle where the system's unit finds it. It
// checks the release and the free space, and nothing else: what may be written
// is decided by RootMachine.Apply, which trusts nobody.
func (s *Store) StageRoot(ctx context.Context, b *Bundle, system string) error {
	unlock, err := s.big.lock()
	if err != nil {
		return err
	}
	defer unlock()
	parts, need, err := rootParts(b.Release, system)
	if err != nil {
		return err
	}
	free, err := s.fs.Free(s.o.Dir)
	if err != nil {
		return err
	}
	if free < uint64(need+margin) {
		return errDiskFull(need+margin, int64(free))
	}
	dir := s.path("root")
	if err := s.fs.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	s.sweep("root", func(name string) bool { return name != resultName })
	for _, p := range parts {
		if err := s.bringPart(ctx, b, p, filepath.Join(dir, p.SHA256.String()+partSuffix)); err != nil {
			s.sweep("root", func(name string) bool { return name != resultName })
			return s.stageError(err)
		}
	}
	for name, doc := range map[string][]byte{manifestName: b.manifest, signaturesName: b.signatures} {
		if err := journal.WriteFileAtomic(s.fs, filepath.Join(dir, name), doc, 0o644); err != nil {
			return s.stageError(err)
		}
	}
	doc, err := canonical(pendingRoot{rootFormat, 1, b.Sequence})
	if err != nil {
		return err
	}
	return s.stageError(journal.WriteFileAtomic(s.fs, filepath.Join(dir, pendingName), doc, 0o644))
}

func (s *Store) bringPart(ctx context.Context, b *Bundle, p Part, to string) error {
	r, err := b.OpenPart(p.SHA256)
	if err != nil {
		return err
	}
	return s.writeFile(to, 0o644, func(w io.Writer) error {
		counted := &counter{r: &stoppable{ctx, r}}
		got, n, err := hashOf(io.TeeReader(counted, w))
		switch {
		case counted.err != nil:
			return &SourceError{counted.err}
		case err == nil && (got != p.SHA256 || n != p.Size):
			return fmt.Errorf("%w: part %s was altered", ErrFormat, p.SHA256.Short())
		}
		return err
	})
}

// rootParts are the whole packings of root, kernel and initrd.
func rootParts(r Release, system string) (parts []Part, need int64, err error) {
	for _, kind := range []string{KindRoot, KindKernel, KindInitrd} {
		f, ok := r.File(system, kind)
		if !ok {
			return nil, 0, refuse(ReasonSystem, text(
				"Gói này không có hệ điều hành cho máy này (%[2]s). Không có gì bị thay đổi.",
				"the bundle has no %[1]s for %[2]s; nothing was changed; get the bundle of the image", kind, system))
		}
		p := f.Packings[0]
		parts = append(parts, Part{SHA256: p.SHA256, Size: p.Size, System: system, Kind: kind, Encoding: p.Encoding})
		need += p.Size
	}
	return parts, need, nil
}

// AskRootConfirm lets the system's unit mark the running root as good.
func (s *Store) AskRootConfirm() error {
	if err := s.fs.MkdirAll(s.path("root"), 0o755); err != nil {
		return err
	}
	return journal.WriteFileAtomic(s.fs, s.path("root", confirmName), []byte("good\n"), 0o644)
}

// ReportRoot puts what came of a root update among the reports, once. Nothing
// happens when there was none.
func (s *Store) ReportRoot() error {
	r, err := s.RootResult()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.do(RootCame{r})
}

// RootResult reads what came of the last root update; fs.ErrNotExist when there
// was none.
func (s *Store) RootResult() (RootResult, error) {
	var r RootResult
	b, err := journal.ReadFile(s.fs, s.path("root", resultName), maxState)
	if err == nil {
		err = decode("result of a root update", b, maxState, &r)
	}
	return r, err
}
