package machine_test

import (
	"io/fs"
	"sync/atomic"

	"tramxa/appliance/journal"
)

// liar is a disk that confirms a flush without doing it, once it lies.
type liar struct {
	journal.FS
	lies *atomic.Bool
}

type liarFile struct {
	journal.File
	lies *atomic.Bool
}

func (l liar) OpenFile(name string, flag int, perm fs.FileMode) (journal.File, error) {
	f, err := l.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return liarFile{f, l.lies}, nil
}

func (f liarFile) Sync() error {
	if f.lies.Load() {
		return nil
	}
	return f.File.Sync()
}
