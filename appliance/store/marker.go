package store

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tramxa/appliance/journal"
)

// cleanMarker is written last at a clean stop and removed before the view is
// opened: it vouches for every file of the view. Version 1, frozen.
type cleanMarker struct {
	Version int         `json:"version"`
	Seq     journal.Seq `json:"sequence"`
	Chain   hexHash     `json:"chain"` // h(Seq)
	Fold    uint32      `json:"fold"`
	Boot    string      `json:"boot"`
	Files   []viewFile  `json:"files"`
}

// viewFile is one file of the view as the clean stop left it.
type viewFile struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	CRC  uint32 `json:"crc32c"`
}

const cleanVersion = 1

// believable says whether what a marker states can still hold after what the
// system went through since.
func (m cleanMarker) believable() bool {
	return survivesReboot || m.Boot != "" && m.Boot == bootID()
}

func writeMarker(fsys journal.FS, dir string, m cleanMarker) error {
	m.Version, m.Boot = cleanVersion, bootID()
	b, err := seal(m)
	if err != nil {
		return err
	}
	return journal.WriteFileAtomic(fsys, filepath.Join(dir, cleanName), b, 0o600)
}

// readMarker returns the marker; ok is false when there is none or it does not
// hold together, which is the same.
func readMarker(fsys journal.FS, dir string) (m cleanMarker, ok bool, err error) {
	b, err := journal.ReadFile(fsys, filepath.Join(dir, cleanName), maxSealed)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, journal.ErrTooLarge) {
		return m, false, nil
	}
	if err != nil {
		return m, false, fmt.Errorf("read clean marker: %w", err)
	}
	if unseal(b, &m) != nil || m.Version != cleanVersion {
		return cleanMarker{}, false, nil
	}
	return m, true, nil
}

// sumFiles takes the checksum of every file of a closed view. The files are read
// once, in order: on an old disk a second for each 100 MB.
func sumFiles(dir string, read func(n int64)) ([]viewFile, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []viewFile
	for _, e := range entries {
		if !e.Type().IsRegular() {
			return nil, fmt.Errorf("%s in the view is not a file", e.Name())
		}
		f, err := sumFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		read(f.Size)
	}
	return files, nil
}

func sumFile(name string) (viewFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return viewFile{}, err
	}
	defer f.Close()
	h := crc32.New(castagnoli)
	n, err := io.Copy(h, f)
	return viewFile{Name: filepath.Base(name), Size: n, CRC: h.Sum32()}, err
}

// hexHash is a hash that is text in JSON.
type hexHash journal.Hash

func (h hexHash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

func (h *hexHash) UnmarshalText(b []byte) error {
	if len(b) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("hash of %d digits", len(b))
	}
	_, err := hex.Decode(h[:], b)
	return err
}
