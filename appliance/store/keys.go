package store

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tramxa/appliance/journal"
)

// Keys are the secrets of one epoch of a station. They live in a file outside
// the data directory, because the machine must start unattended after a power
// cut: who takes both has the register; who loses the keys has lost it, backups
// included.
type Keys struct {
	Station journal.Station
	Epoch   journal.Epoch
	Data    journal.Key        // encrypts segments, checkpoints and the view
	Secret  journal.Secret     // salts of the chain; the hub has it too
	Signer  ed25519.PrivateKey // seals segments, signs genesis and batches
}

// Errors about keys.
var (
	ErrNoKeys  = errors.New("key file not found")
	ErrBadKeys = errors.New("key file is damaged or not of this program")
)

// String tells whose keys they are and none of them, so that they cannot get
// into a log.
func (k Keys) String() string {
	return fmt.Sprintf("keys of station %d, epoch %d (secret)", k.Station, k.Epoch)
}

// GoString is String.
func (k Keys) GoString() string { return k.String() }

// keyFile is the file's JSON, version 1, frozen.
type keyFile struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	Station journal.Station `json:"station"`
	Epoch   journal.Epoch   `json:"epoch"`
	KeyID   uint32          `json:"data_key_id"`
	Data    []byte          `json:"data_key"`     // 32 bytes, base64
	Secret  []byte          `json:"epoch_secret"` // 32 bytes, base64
	Seed    []byte          `json:"signing_seed"` // 32 bytes, base64, Ed25519
}

const (
	keyFormat  = "tramxa station keys"
	keyVersion = 1
)

// NewKeys makes keys from rand (crypto/rand.Reader but in tests).
func NewKeys(station journal.Station, epoch journal.Epoch, rand io.Reader) (Keys, error) {
	k := Keys{Station: station, Epoch: epoch, Data: journal.Key{ID: 1}}
	seed := make([]byte, ed25519.SeedSize)
	for _, p := range [][]byte{k.Data.Bytes[:], k.Secret[:], seed} {
		if _, err := io.ReadFull(rand, p); err != nil {
			return Keys{}, fmt.Errorf("make keys: %w", err)
		}
	}
	k.Signer = ed25519.NewKeyFromSeed(seed)
	return k, nil
}

// Marshal returns the content of a key file.
func (k Keys) Marshal() ([]byte, error) {
	return seal(keyFile{
		Format: keyFormat, Version: keyVersion, Station: k.Station, Epoch: k.Epoch,
		KeyID: k.Data.ID, Data: k.Data.Bytes[:], Secret: k.Secret[:], Seed: k.Signer.Seed(),
	})
}

// ParseKeys decodes the content of a key file; ErrBadKeys.
func ParseKeys(b []byte) (Keys, error) {
	var f keyFile
	if err := unseal(b, &f); err != nil {
		return Keys{}, fmt.Errorf("%w: %w", ErrBadKeys, err)
	}
	switch {
	case f.Format != keyFormat || f.Version != keyVersion:
		return Keys{}, fmt.Errorf("%w: %.40q version %d", ErrBadKeys, f.Format, f.Version)
	case len(f.Data) != 32 || len(f.Secret) != 32 || len(f.Seed) != ed25519.SeedSize:
		return Keys{}, fmt.Errorf("%w: a key has the wrong length", ErrBadKeys)
	case f.Epoch == 0 || f.KeyID == 0:
		return Keys{}, fmt.Errorf("%w: epoch or key id is 0", ErrBadKeys)
	}
	k := Keys{Station: f.Station, Epoch: f.Epoch, Data: journal.Key{ID: f.KeyID}}
	copy(k.Data.Bytes[:], f.Data)
	copy(k.Secret[:], f.Secret)
	k.Signer = ed25519.NewKeyFromSeed(f.Seed)
	return k, nil
}

// ReadKeys reads a key file; ErrNoKeys, ErrBadKeys.
func ReadKeys(fsys journal.FS, name string) (Keys, error) {
	b, err := journal.ReadFile(fsys, name, 64<<10)
	if errors.Is(err, fs.ErrNotExist) {
		return Keys{}, fmt.Errorf("%w: %s; hint: plug in the medium it is on, or give its place", ErrNoKeys, name)
	}
	if err != nil {
		return Keys{}, fmt.Errorf("read key file: %w", err)
	}
	return ParseKeys(b)
}

// writeKeys makes a key file readable by its owner only. It refuses to replace
// one: keys overwritten are a register lost.
func writeKeys(fsys journal.FS, name string, k Keys) error {
	if _, err := fsys.Stat(name); err == nil {
		return fmt.Errorf("key file %s: %w; hint: it may be another station's, move it away only if you are sure", name, fs.ErrExist)
	}
	b, err := k.Marshal()
	if err != nil {
		return err
	}
	if err := fsys.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	if err := journal.WriteFileAtomic(fsys, name, b, os.FileMode(0o600)); err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	return nil
}

// PutKeys puts the key file of a station that is restored or moved where it
// belongs. The same keys there already are fine; others are fs.ErrExist.
func PutKeys(fsys journal.FS, name string, k Keys) error {
	if fsys == nil {
		fsys = journal.OS
	}
	old, err := ReadKeys(fsys, name)
	if err == nil && old.Station == k.Station && old.Epoch == k.Epoch && old.Signer.Equal(k.Signer) && old.Data == k.Data {
		return nil
	}
	return writeKeys(fsys, name, k)
}
