package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tramxa/appliance/journal"
)

// The view is written through a mapping of sparse files: on a full disk the
// system kills the process, and it cannot come up again while the disk is full.
// So writing stops early (the reserve), and a ballast file keeps the room that
// the next start needs.
const (
	smallestReserve = 512 << 20
	largestReserve  = 2 << 30
	defaultBallast  = 64 << 20
	ballastName     = "ballast"

	// viewRoom is what badger may write while it opens, flushes and closes.
	viewRoom = 32 << 20
)

// ErrFull means that the disk has less room than the reserve: nothing was
// written, reading goes on, and writing goes on by itself when there is room.
var ErrFull = errors.New("disk is nearly full")

// reserve is the room that must stay free: max(512 MiB, min(5 % of the disk,
// 2 GiB)), or what the options say.
func reserve(o Options) uint64 {
	if o.Reserve != 0 {
		return o.Reserve
	}
	if o.FS != nil { // not the system's disk
		return 0
	}
	total, err := diskSize(o.Dir)
	if err != nil {
		return smallestReserve
	}
	return max(smallestReserve, min(total/20, largestReserve))
}

// space is the guard.
type space struct {
	fs      journal.FS
	dir     string
	reserve uint64
	ballast int64 // 0 none
}

// check returns ErrFull when the disk is under the reserve.
func (s *space) check() error {
	free, err := s.fs.Free(s.dir)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if free < s.reserve {
		return fmt.Errorf("%w: %d MiB free, %d MiB are kept in reserve; hint: remove files that are not the station's",
			ErrFull, free>>20, s.reserve>>20)
	}
	return nil
}

// load makes the ballast, really allocated, when there is room for it beside
// the reserve. Having none is not an error: the reserve is the first guard.
func (s *space) load() error {
	name := filepath.Join(s.dir, ballastName)
	if size, err := s.fs.Stat(name); s.ballast == 0 || err == nil && size == s.ballast {
		return nil
	}
	free, err := s.fs.Free(s.dir)
	if err != nil || free < s.reserve+uint64(s.ballast) {
		return err
	}
	f, err := s.fs.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err = f.Allocate(0, s.ballast); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return errors.Join(err, s.fs.Remove(name))
	}
	return nil
}

// makeRoom makes sure that badger can write need bytes beside the view, so that
// it never meets a full disk. For that the ballast is given up, then the view
// that was set aside. ErrFull when it is not enough.
func (s *Store) makeRoom(need uint64) error {
	beside := filepath.Dir(s.o.ViewDir)
	give := []func() error{
		func() error { return nil },
		func() error { return removeFile(s.fs, filepath.Join(s.dir, ballastName)) },
		func() error { return s.dropAside(beside) },
	}
	var free uint64
	for i, up := range give {
		if err := up(); err != nil {
			return fmt.Errorf("make room: %w", err)
		}
		var err error
		if free, err = journal.OS.Free(beside); err != nil {
			return fmt.Errorf("ask for free space: %w", err)
		}
		if free >= need {
			if i > 0 {
				s.log.Warn("store: disk is full, ballast or the old view given up for the register", "free", free)
			}
			return nil
		}
	}
	return fmt.Errorf("%w: %d MiB free, the register needs %d MiB to open; hint: remove files that are not the station's",
		ErrFull, free>>20, need>>20)
}

// dropAside removes what setAside has kept.
func (s *Store) dropAside(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, badName+"*"))
	for _, o := range old {
		err = errors.Join(err, os.RemoveAll(o))
	}
	return err
}

// viewNeeds estimates, generously, how many bytes a view takes that is made from
// checkpoint and journal.
func (s *Store) viewNeeds() (uint64, error) {
	var sum int64
	for _, dir := range []string{laneDir(s.dir, s.keys.Epoch, journal.LaneRegister), filepath.Join(s.dir, ckptName)} {
		names, err := s.fs.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		for _, name := range names {
			size, err := s.fs.Stat(filepath.Join(dir, name))
			if err != nil {
				return 0, err
			}
			sum += size
		}
	}
	return viewRoom + 4*uint64(sum), nil
}
