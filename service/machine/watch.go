package machine

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"tramxa/appliance/journal"
	"tramxa/appliance/sealed"
)

// Watch keeps a History in a file, for the rest of a machine's life. Its methods
// may be called from any goroutine.
type Watch struct {
	fs   journal.FS
	name string

	mu      sync.Mutex
	history History
	written []byte
}

// WatchFile is the history's name in the base directory.
const WatchFile = "machine.json"

// badExt is appended to the name of a history that cannot be read.
const badExt = ".bad"

// OpenWatch reads the history in the file name, or begins one. One that cannot be
// read is set aside and begun anew, which aside says: a watch never keeps a
// station from starting. An error means that the disk refuses to be read.
func OpenWatch(fsys journal.FS, name string) (w *Watch, aside error, err error) {
	w = &Watch{fs: fsys, name: name, history: History{Version: historyVersion}}
	b, err := journal.ReadFile(fsys, name, maxSealed)
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil, nil
	}
	if err == nil {
		var h History
		if h, err = parseHistory(b); err == nil {
			w.history, w.written = h, b
			return w, nil, nil
		}
	} else if !errors.Is(err, journal.ErrTooLarge) {
		return nil, nil, fmt.Errorf("read the history of the machine: %w", err)
	}
	aside = fmt.Errorf("%s is kept as %s, the history begins anew: %w", WatchFile, WatchFile+badExt, err)
	if err := fsys.Rename(name, name+badExt); err != nil {
		return nil, nil, err
	}
	return w, aside, nil
}

// ReadHistory reads a history without keeping it; none is an empty one. ErrDamaged.
func ReadHistory(fsys journal.FS, name string) (History, error) {
	b, err := journal.ReadFile(fsys, name, maxSealed)
	if errors.Is(err, fs.ErrNotExist) {
		return History{Version: historyVersion}, nil
	}
	if errors.Is(err, journal.ErrTooLarge) {
		return History{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err != nil {
		return History{}, err
	}
	return parseHistory(b)
}

// parseHistory decodes strictly.
func parseHistory(b []byte) (History, error) {
	var h History
	if err := unseal(b, &h); err != nil {
		return h, err
	}
	return h, h.check()
}

// See folds observations in and writes the file when that changes it. After an
// error they are remembered in this process only.
func (w *Watch) See(obs ...Observation) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range obs {
		w.history = w.history.See(o)
	}
	b, err := sealed.Encode(w.history)
	if err != nil || bytes.Equal(b, w.written) {
		return err
	}
	if err := journal.WriteFileAtomic(w.fs, w.name, b, 0o600); err != nil {
		return fmt.Errorf("keep the history of the machine: %w", err)
	}
	w.written = b
	return nil
}

// History is what has been seen so far.
func (w *Watch) History() History {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.history
}

// Warnings are those of the history now.
func (w *Watch) Warnings() []Warning { return w.History().Warnings() }
