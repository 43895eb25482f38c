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
	parts, err := rootParts(b.Release, system, Hash{})
	if err != nil {
		return err
	}
	return s.stageRoot(ctx, b.Release, parts, func(p Part) (io.ReadCloser, error) {
		r, err := b.OpenPart(p.SHA256)
		return io.NopCloser(r), err
	})
}

// NeededRoot lists what this machine must fetch of a release's root: a patch
// from the root that runs, where there is one, else the whole.
func (s *Store) NeededRoot(r Release, system string) ([]Part, error) {
	running, err := s.RunningRoot()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.o.Log.Warn("the running root is not known", "err", err)
	}
	return rootParts(r, system, running.SHA256)
}

// StageRootIncoming is StageRoot with the parts that were fetched.
func (s *Store) StageRootIncoming(ctx context.Context, r Release, system string) error {
	parts, err := s.NeededRoot(r, system)
	if err != nil {
		return err
	}
	err = s.stageRoot(ctx, r, parts, s.openIncoming)
	if err == nil {
		for _, p := range parts {
			_ = s.fs.Remove(s.partPath(p)) // costs only space
		}
	}
	return err
}

func (s *Store) stageRoot(ctx context.Context, r Release, parts []Part, open OpenPart) error {
	unlock, err := s.big.lock()
	if err != nil {
		return err
	}
	defer unlock()
	need := int64(0)
	for _, p := range parts {
		need += p.Size
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
	s.sweep("root", passing)
	for _, p := range parts {
		if err := s.bringPart(ctx, open, p, filepath.Join(dir, p.SHA256.String()+partSuffix)); err != nil {
			s.sweep("root", passing)
			return s.stageError(err)
		}
	}
	for name, doc := range map[string][]byte{manifestName: r.manifest, signaturesName: r.signatures} {
		if err := journal.WriteFileAtomic(s.fs, filepath.Join(dir, name), doc, 0o644); err != nil {
			return s.stageError(err)
		}
	}
	doc, err := canonical(pendingRoot{rootFormat, 1, r.Sequence})
	if err != nil {
		return err
	}
	return s.stageError(journal.WriteFileAtomic(s.fs, filepath.Join(dir, pendingName), doc, 0o644))
}

// passing says whether a file of the root directory is there for one update
// only.
func passing(name string) bool { return name != resultName && name != runningName }

func (s *Store) bringPart(ctx context.Context, open OpenPart, p Part, to string) error {
	r, err := open(p)
	if err != nil {
		return err
	}
	defer r.Close()
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

// rootParts are kernel and initrd, and of the root the patch from the running
// one, else the whole.
func rootParts(r Release, system string, running Hash) ([]Part, error) {
	var parts []Part
	for _, kind := range []string{KindRoot, KindKernel, KindInitrd} {
		f, ok := r.File(system, kind)
		if !ok {
			return nil, refuse(ReasonSystem, text(
				"Gói này không có hệ điều hành cho máy này (%[2]s). Không có gì bị thay đổi.",
				"the bundle has no %[1]s for %[2]s; nothing was changed; get the bundle of the image", kind, system))
		}
		p := f.Packings[0]
		for _, q := range f.Packings[1:] {
			if kind == KindRoot && q.From == running {
				p = q
			}
		}
		parts = append(parts, Part{SHA256: p.SHA256, Size: p.Size, System: system, Kind: kind, Encoding: p.Encoding, From: p.From})
	}
	return parts, nil
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

// RunningRoot says which root runs, as the system's unit has found it;
// fs.ErrNotExist when it is not known.
func (s *Store) RunningRoot() (Root, error) {
	var r Root
	b, err := journal.ReadFile(s.fs, s.path("root", runningName), maxState)
	if err == nil {
		err = decode("running root", b, maxState, &r)
	}
	return r, err
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
