package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tramxa/appliance/journal"
)

// Manifest is what a backup says of itself. It is written last, so a folder with
// one is a whole backup. Version 1, frozen.
type Manifest struct {
	Version int             `json:"version"`
	Station journal.Station `json:"station"`
	Epoch   journal.Epoch   `json:"epoch"`
	Mint    uint32          `json:"mint"`
	Unit    string          `json:"unit"`
	Seq     journal.Seq     `json:"sequence"` // last record of lane 0 in it
	Chain   hexHash         `json:"chain"`    // h(Seq)
	Access  journal.Seq     `json:"access_sequence"`
	Made    string          `json:"made"` // by the station's clock, RFC 3339
	Files   []ManifestFile  `json:"files"`
}

// ManifestFile is one file of a backup.
type ManifestFile struct {
	Name   string  `json:"name"` // relative, with slashes
	Size   int64   `json:"size"`
	SHA256 hexHash `json:"sha256"`
}

const (
	manifestName    = "manifest.json"
	manifestVersion = 1
)

// ErrBadBackup is wrapped by every error about the content of a backup.
var ErrBadBackup = errors.New("backup is incomplete or damaged")

// ManifestName is the name of a backup's manifest in its folder.
const ManifestName = manifestName

// Marshal returns the content of a manifest's file.
func (m Manifest) Marshal() ([]byte, error) { return seal(m) }

// NewerManifest says, with an error that wraps journal.ErrNewer, that a manifest
// that lies in another file, as JSON, is of a later version; nil of any other bytes.
func NewerManifest(b []byte) error {
	if err := newerJSON(b, manifestVersion); err != nil {
		return fmt.Errorf("manifest of the backup: %w", err)
	}
	return nil
}

// Check says what is wrong with a manifest that came in another form than its
// file; ErrBadBackup.
func (m Manifest) Check() error {
	if m.Version != manifestVersion {
		return fmt.Errorf("%w: manifest version %d", ErrBadBackup, m.Version)
	}
	for _, f := range m.Files {
		if f.Size < 0 || !filepath.IsLocal(filepath.FromSlash(f.Name)) || strings.ContainsAny(f.Name, `\:`) {
			return fmt.Errorf("%w: file name in the manifest", ErrBadBackup)
		}
	}
	return nil
}

func parseManifest(b []byte) (Manifest, error) {
	var m Manifest
	if err := NewerSealed(b, manifestVersion); err != nil {
		return m, fmt.Errorf("manifest of the backup: %w", err)
	}
	if err := unseal(b, &m); err != nil {
		return m, fmt.Errorf("%w: manifest: %w", ErrBadBackup, err)
	}
	return m, m.Check()
}

// writeCopy makes the file to of what in gives, durably but for the folder's
// entry, and returns what that was.
func writeCopy(fsys journal.FS, in io.Reader, to string) (ManifestFile, error) {
	out, err := fsys.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return ManifestFile{}, err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), in)
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return ManifestFile{Size: n, SHA256: hexHash(sum.Sum(nil))}, err
}

// verifyFile reads a file of a backup back.
func verifyFile(fsys journal.FS, dir string, want ManifestFile) error {
	f, err := fsys.OpenFile(filepath.Join(dir, filepath.FromSlash(want.Name)), os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadBackup, err)
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(f, want.Size+1))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrBadBackup, want.Name, err)
	}
	if n != want.Size || hexHash(sum.Sum(nil)) != want.SHA256 {
		return fmt.Errorf("%w: %s is not what was written", ErrBadBackup, want.Name)
	}
	return nil
}
