package update

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"tramxa/appliance/journal"
	"tramxa/appliance/sealed"
)

// The small files of the data (configuration, accounts, cursor …) are copied
// before a new version is tried. Going back puts back only those that the trial
// has lost or damaged: a file that still reads is newer than the copy, and may
// hold the account that was made while the new version ran. The journal is never
// copied, never put back: going back takes no entry with it.

const (
	maxSmall     = 8 << 20
	beforePrefix = "before-"
	keptBefore   = 2
	damagedName  = ".damaged"
)

func (s *Store) before(sequence uint64, elem ...string) string {
	return s.path(append([]string{beforePrefix + strconv.FormatUint(sequence, 10)}, elem...)...)
}

// snapshot copies the small files. No program runs while it does.
func (s *Store) snapshot(sequence uint64) error {
	if err := s.fs.MkdirAll(s.before(sequence), 0o700); err != nil {
		return err
	}
	for _, name := range s.o.Small {
		b, err := journal.ReadFile(s.fs, name, maxSmall)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = journal.WriteFileAtomic(s.fs, s.before(sequence, filepath.Base(name)), b, 0o600)
		}
		if err != nil {
			return fmt.Errorf("copy %s before the trial: %w", filepath.Base(name), err)
		}
	}
	s.dropOldSnapshots(sequence)
	return nil
}

// putBack restores the small files that a trial has lost or damaged. What is
// damaged is kept beside the copy.
func (s *Store) putBack(sequence uint64) error {
	var errs []error
	for _, name := range s.o.Small {
		copied := s.before(sequence, filepath.Base(name))
		old, err := journal.ReadFile(s.fs, copied, maxSmall)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		now, err := journal.ReadFile(s.fs, name, maxSmall)
		missing := errors.Is(err, fs.ErrNotExist)
		if err != nil && !missing {
			errs = append(errs, err)
			continue
		}
		if !missing && (readable(name, now) || !readable(name, old)) {
			continue
		}
		s.o.Log.Warn("small file was damaged on trial and is put back", "file", filepath.Base(name))
		if !missing {
			if err := journal.WriteFileAtomic(s.fs, copied+damagedName, now, 0o600); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		if err := journal.WriteFileAtomic(s.fs, name, old, 0o600); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// readable says whether a small file is whole, as far as its kind shows.
func readable(name string, b []byte) bool {
	if len(bytes.TrimSpace(b)) == 0 {
		return false
	}
	switch filepath.Ext(name) {
	case ".json":
		_, err := sealed.Body(b)
		return err == nil || json.Valid(b)
	case ".toml":
		return toml.Unmarshal(b, new(map[string]any)) == nil
	}
	return true
}

// dropOldSnapshots keeps the newest by sequence, and this one.
func (s *Store) dropOldSnapshots(sequence uint64) {
	names, err := s.fs.ReadDir(s.o.Dir)
	if err != nil {
		return
	}
	var older []uint64
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, beforePrefix)
		if n, err := strconv.ParseUint(rest, 10, 64); ok && err == nil && n != sequence {
			older = append(older, n)
		}
	}
	for len(older) >= keptBefore {
		least := 0
		for i := range older {
			if older[i] < older[least] {
				least = i
			}
		}
		s.sweep(filepath.Base(s.before(older[least])), func(string) bool { return true })
		_ = s.fs.Remove(s.before(older[least])) // costs only a name
		older = append(older[:least], older[least+1:]...)
	}
}
