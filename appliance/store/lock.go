package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// ErrLocked means that another process has the directory.
var ErrLocked = errors.New("directory is in use by another tramxa")

// lockFile holds a station's directory for one process. The lock is the
// system's, on an open file, so it ends with the process however that ends; what
// is written in the file only tells a person who has it.
type lockFile struct{ f *os.File }

type lockHolder struct {
	PID   int    `json:"pid"`
	Boot  string `json:"boot"`
	Since string `json:"since"`
}

// takeLock locks the file name, making it when there is none. ErrLocked says
// who has it.
func takeLock(name string, now time.Time) (*lockFile, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the directory: %w", err)
	}
	if err := lockExclusive(f); err != nil {
		defer f.Close()
		if !errors.Is(err, errWouldBlock) {
			return nil, fmt.Errorf("lock the directory: %w", err)
		}
		return nil, fmt.Errorf("%w%s; hint: stop that one first, or give another directory", ErrLocked, describeHolder(f))
	}
	// A full disk refuses even this; it must not keep the station from starting.
	if b, err := json.Marshal(lockHolder{PID: os.Getpid(), Boot: bootID(), Since: now.UTC().Format(time.RFC3339)}); err == nil && f.Truncate(0) == nil {
		_, _ = f.WriteAt(append(b, '\n'), 0)
	}
	return &lockFile{f}, nil
}

func describeHolder(f *os.File) string {
	var h lockHolder
	b, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil || json.Unmarshal(b, &h) != nil || h.PID == 0 {
		return ""
	}
	return fmt.Sprintf(" (process %d, since %.40s)", h.PID, h.Since)
}

// release gives the directory back. The file stays: removing it would let two
// processes lock two files of one name.
func (l *lockFile) release() error {
	if l == nil {
		return nil
	}
	return errors.Join(l.f.Truncate(0), l.f.Close())
}

// InUse says whether a process has the directory. It writes nothing, so it can
// ask on a disk that is only read.
func InUse(dir string) bool {
	f, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		return false
	}
	defer f.Close() // and with it the lock, if it was got
	return errors.Is(lockExclusive(f), errWouldBlock)
}
