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

// release gives the ballast up when the disk is under half the reserve, before
// a start writes anything. It reports whether it did.
func (s *space) release() (bool, error) {
	free, err := s.fs.Free(s.dir)
	if err != nil || free >= s.reserve/2 {
		return false, err
	}
	err = s.fs.Remove(filepath.Join(s.dir, ballastName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
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
