package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"tramxa/appliance/journal"
)

const unpackName = "program" + journal.TempSuffix

// Choice says how a release was chosen.
type Choice struct {
	ByHand bool // somebody asked for it: by stick, file or button
	Again  bool // somebody insists although it failed here before
}

// Check says whether a release may be installed on this machine now. Nothing is
// touched. The error is a *Refusal, or of reading the machine.
func (s *Store) Check(r Release, c Choice) (warnings []Text, err error) {
	st, err := s.State()
	if err != nil {
		return nil, err
	}
	return s.check(st, r, c)
}

func (s *Store) check(st State, r Release, c Choice) ([]Text, error) {
	free, err := s.fs.Free(s.o.Dir)
	if err != nil {
		return nil, fmt.Errorf("ask for the free space: %w", err)
	}
	q := Question{State: st, Machine: *s.o.Machine, Free: free, Channel: s.o.Channel, Now: s.o.Now(), ByHand: c.ByHand, Again: c.Again}
	warnings, no := Preflight(r, q)
	if no != nil {
		return nil, no
	}
	return warnings, nil
}

// OpenPart gives the bytes of a part of a release, ErrNoPart when it does not have
// it. The caller verifies what it gives.
type OpenPart func(Part) (io.ReadCloser, error)

// StageBundle checks a bundle and puts its program into the free slot, to be
// tried at the next start of the service. Until it returned nil, and when it
// fails, the machine is as it was. Errors are a *Refusal where people can do
// something about it.
func (s *Store) StageBundle(ctx context.Context, b *Bundle, c Choice) error {
	return s.Stage(ctx, b.Release, c, func(p Part) (io.ReadCloser, error) {
		r, err := b.OpenPart(p.SHA256)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(r), nil
	})
}

// Stage is StageBundle for parts that come from elsewhere.
func (s *Store) Stage(ctx context.Context, r Release, c Choice, open OpenPart) error {
	unlock, err := s.big.lock()
	if err != nil {
		return err
	}
	defer unlock()
	st, err := s.State()
	if err != nil {
		return err
	}
	trust, err := s.trustOf(st)
	if err == nil {
		_, err = trust.Verify(r.manifest, r.signatures)
	}
	if err == nil {
		_, err = s.check(st, r, c)
	}
	if err != nil {
		return refusalOr(err)
	}
	s.tidy(st)
	p, ok := s.installed(r)
	if !ok {
		return errors.New("checked, and yet no program for this machine") // Check found it
	}
	if err := s.bringIn(ctx, st, r, p, open); err != nil {
		_ = s.fs.Remove(s.path("incoming", unpackName)) // the first error is the one to tell
		return s.stageError(err)
	}
	return s.stageError(s.place(r, p))
}

// stageError turns what happens to disks and sticks into sentences.
func (s *Store) stageError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		free, _ := s.fs.Free(s.o.Dir) // 0 is near enough
		no := errDiskFull(margin, int64(free))
		no.Err = err
		return no
	}
	return refusalOr(err)
}

func refusalOr(err error) error {
	if no := AsRefusal(err); no != nil {
		return no
	}
	return err
}

// bringIn unpacks and verifies the program beside the slots, and makes its
// second copy. Patches come first; the whole is what is left.
func (s *Store) bringIn(ctx context.Context, st State, r Release, p Installed, open OpenPart) error {
	f, _ := r.File(s.o.Machine.System, KindProgram)
	err := error(ErrNoPart)
	for _, packing := range slices.Backward(f.Packings) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err = s.unpackPart(ctx, st, packing, f, open); err == nil {
			break
		}
		if !errors.Is(err, ErrNoPart) && packing.Encoding == EncodingPatch {
			s.o.Log.Warn("patch does not fit, the whole is tried", "from", packing.From.Short(), "err", err)
		}
	}
	if errors.Is(err, ErrNoPart) {
		return refuse(ReasonSystem, text(
			"Gói này không mang chương trình cho máy này (%s). Không có gì bị thay đổi. Hãy lấy gói dành cho máy này.",
			"this bundle does not carry the program for this machine (%s); nothing was changed; get the bundle for this system", s.o.Machine.System))
	}
	if err != nil {
		return err
	}
	return s.keepCopy(s.path("incoming", unpackName), p)
}

func (s *Store) unpackPart(ctx context.Context, st State, p Packing, f ManifestFile, open OpenPart) error {
	var old []byte
	if p.Encoding == EncodingPatch {
		slot, ok := st.holding(p.From)
		if !ok {
			return ErrNoPart
		}
		var err error
		if old, err = journal.ReadFile(s.fs, s.program(st, slot), maxDictionary); err != nil {
			return err
		}
	}
	r, err := open(Part{SHA256: p.SHA256, Size: p.Size, System: f.System, Kind: f.Kind, Encoding: p.Encoding, From: p.From})
	if err != nil {
		return err
	}
	defer r.Close()
	return s.writeFile(s.path("incoming", unpackName), 0o755, func(w io.Writer) error {
		return unpack(w, &stoppable{ctx, r}, p, old, f)
	})
}

// stoppable is a reader that ends with its context.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

// holding finds the slot with this program.
func (s State) holding(sum Hash) (Slot, bool) {
	for _, slot := range []Slot{s.Current, s.Previous, Factory} {
		if p := s.In(slot); p != nil && p.SHA256 == sum {
			return slot, true
		}
	}
	return "", false
}

// place moves the unpacked program into the free slot. The state says that the
// slot is empty before it is, and that it is full after it is.
func (s *Store) place(r Release, p Installed) error {
	return s.change(func(st State) (State, error) {
		slot := st.Free()
		st, effects := Step(st, s.o.Now(), Cleared{slot})
		if err := refusalIn(effects); err != nil {
			return st, err
		}
		if err := s.save(st); err != nil {
			return st, err
		}
		if err := s.replace(s.path("incoming", unpackName), s.program(st, slot)); err != nil {
			return st, err
		}
		if err := s.writeDocuments(slot, r); err != nil {
			return st, err
		}
		st, effects = Step(st, s.o.Now(), Staged{Slot: slot, Program: p, Keys: r.keys})
		return st, refusalIn(effects)
	})
}

// tidy removes copies of programs that are in no slot, what was moved aside and
// what an earlier staging has left. Failures only cost space.
func (s *Store) tidy(st State) {
	keep := map[string]bool{}
	for _, slot := range []Slot{SlotA, SlotB, Factory} {
		if p := st.In(slot); p != nil {
			keep[p.SHA256.String()+".zst"] = true
		}
	}
	s.sweep("copies", func(name string) bool { return !keep[name] })
	s.sweep("incoming", func(name string) bool { return name == unpackName || name == healName })
	for _, slot := range []Slot{SlotA, SlotB} {
		s.sweep(string(slot), func(name string) bool { return strings.HasSuffix(name, asideSuffix) })
	}
}

func (s *Store) sweep(dir string, drop func(string) bool) {
	names, err := s.fs.ReadDir(s.path(dir))
	if err != nil {
		return
	}
	for _, name := range names {
		if drop(name) {
			if err := s.fs.Remove(s.path(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, os.ErrPermission) {
				s.o.Log.Warn("not removed", "file", name, "err", err)
			}
		}
	}
}
