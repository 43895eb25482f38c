package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"

	"tramxa/appliance/journal"
)

// Errors callers decide on.
var (
	ErrExists = errors.New("key file exists already")
	ErrFormat = errors.New("key or certificate not understood")
)

const (
	pemKey  = "PRIVATE KEY"
	pemCert = "CERTIFICATE"
	maxFile = 64 << 10
)

// CreateKey makes a new Ed25519 key and keeps it in a new file that only its
// owner may read (PKCS#8, PEM). It never overwrites a file.
func CreateKey(path string) (ed25519.PrivateKey, error) {
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return priv, KeepKey(path, priv)
}

// KeepKey keeps a key as CreateKey does. ErrFormat for one that LoadKey would not
// give back as it is.
func KeepKey(path string, priv ed25519.PrivateKey) error {
	if err := whole(priv); err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return err
	}
	return writeNew(path, pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: der}), 0o600)
}

// whole says whether the halves of a key are there and belong together: files keep
// the first, the second is reckoned from it.
func whole(priv ed25519.PrivateKey) error {
	if len(priv) != ed25519.PrivateKeySize || !ed25519.NewKeyFromSeed(priv.Seed()).Equal(priv) {
		return fmt.Errorf("%w: not an Ed25519 key", ErrFormat)
	}
	return nil
}

// LoadKey reads a key written by CreateKey.
func LoadKey(path string) (ed25519.PrivateKey, error) {
	der, err := readPEM(path, pemKey)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrFormat, path)
	}
	priv, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: %s is not an Ed25519 key", ErrFormat, path)
	}
	return priv, nil
}

func writeNew(path string, data []byte, perm fs.FileMode) error {
	if _, err := journal.OS.Stat(path); err == nil {
		return fmt.Errorf("%w: %s", ErrExists, path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return journal.WriteFileAtomic(journal.OS, path, data, perm)
}

func readPEM(path, kind string) ([]byte, error) {
	data, err := journal.ReadFile(journal.OS, path, maxFile)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(data)
	if block == nil || block.Type != kind || len(rest) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrFormat, path)
	}
	return block.Bytes, nil
}
