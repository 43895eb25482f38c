package update

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/text/unicode/norm"
)

const (
	privateFormat = "tramxa-private-key"
	maxKeyFile    = 4 << 10

	// MinPassphrase is the least length of a passphrase, in bytes.
	MinPassphrase = 10
)

// ErrPassphrase is returned for a passphrase that does not open a key file.
var ErrPassphrase = errors.New("the passphrase does not open this key")

// PrivateKey signs releases. It lives on the machines of those who release,
// never on a station.
type PrivateKey struct{ key ed25519.PrivateKey }

// NewPrivateKey makes a key from random bytes of the system.
func NewPrivateKey() (*PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return &PrivateKey{key}, err
}

// Public is the half that goes into a key set.
func (k *PrivateKey) Public() PublicKey {
	var p PublicKey
	copy(p[:], k.key.Public().(ed25519.PublicKey))
	return p
}

// SignManifest signs the bytes of a manifest.
func (k *PrivateKey) SignManifest(manifest []byte) Signature { return k.sign(domainManifest, manifest) }

// SignKeySet signs a key set, as one of the set before or of itself.
func (k *PrivateKey) SignKeySet(s KeySet) Signature { return k.sign(domainKeySet, s.Bytes()) }

func (k *PrivateKey) sign(domain string, doc []byte) Signature {
	return Signature{Key: k.Public().ID(), Sig: ed25519.Sign(k.key, append([]byte(domain), doc...))}
}

// keyFile is a private key at rest: its seed under XChaCha20-Poly1305, the key
// of which argon2id makes from a passphrase.
type keyFile struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Public  PublicKey `json:"public"`
	Time    uint32    `json:"argon2_time"`
	Memory  uint32    `json:"argon2_memory_kib"`
	Salt    []byte    `json:"salt"`
	Nonce   []byte    `json:"nonce"`
	Sealed  []byte    `json:"sealed"`
}

// Cost of opening a key file: half a second and 256 MiB, once per release.
const (
	sealTime   = 4
	sealMemory = 256 << 10 // KiB
)

// Seal writes the key as a file that only the passphrase opens.
func (k *PrivateKey) Seal(passphrase string) ([]byte, error) {
	return k.seal(passphrase, sealTime, sealMemory, rand.Reader)
}

func (k *PrivateKey) seal(passphrase string, time, memory uint32, random io.Reader) ([]byte, error) {
	if len(passphrase) < MinPassphrase {
		return nil, fmt.Errorf("a passphrase of %d bytes is too short; use at least %d, four words are good", len(passphrase), MinPassphrase)
	}
	f := keyFile{
		Format: privateFormat, Version: 1, Public: k.Public(), Time: time, Memory: memory,
		Salt: make([]byte, 16), Nonce: make([]byte, chacha20poly1305.NonceSizeX),
	}
	for _, b := range [][]byte{f.Salt, f.Nonce} {
		if _, err := io.ReadFull(random, b); err != nil {
			return nil, err
		}
	}
	aead, err := chacha20poly1305.NewX(f.stretch(passphrase))
	if err != nil {
		return nil, err
	}
	f.Sealed = aead.Seal(nil, f.Nonce, k.key.Seed(), f.Public[:])
	return canonical(f)
}

func (f keyFile) stretch(passphrase string) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(passphrase)), f.Salt, f.Time, f.Memory, 1, chacha20poly1305.KeySize)
}

// OpenPrivateKey opens what Seal wrote. A wrong passphrase is ErrPassphrase.
func OpenPrivateKey(b []byte, passphrase string) (*PrivateKey, error) {
	f, err := parseKeyFile(b)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(f.stretch(passphrase))
	if err != nil {
		return nil, err
	}
	seed, err := aead.Open(nil, f.Nonce, f.Sealed, f.Public[:])
	if err != nil {
		return nil, ErrPassphrase
	}
	k := &PrivateKey{ed25519.NewKeyFromSeed(seed)}
	if k.Public() != f.Public {
		return nil, fmt.Errorf("%w: the key file's halves do not belong together", ErrFormat)
	}
	return k, nil
}

func parseKeyFile(b []byte) (keyFile, error) {
	var f keyFile
	if err := decode("key file", b, maxKeyFile, &f); err != nil {
		return f, err
	}
	switch {
	case f.Format != privateFormat || f.Version != 1:
		return f, fmt.Errorf("%w: key file of format %q version %d; this program knows %q version 1", ErrFormat, f.Format, f.Version, privateFormat)
	case f.Time < 1 || f.Time > 16 || f.Memory < 8 || f.Memory > 1<<20:
		return f, fmt.Errorf("%w: key file with a cost of %d passes over %d KiB", ErrFormat, f.Time, f.Memory)
	case len(f.Salt) != 16 || len(f.Nonce) != chacha20poly1305.NonceSizeX || len(f.Sealed) != ed25519.SeedSize+chacha20poly1305.Overhead:
		return f, fmt.Errorf("%w: key file with fields of the wrong length", ErrFormat)
	}
	return f, nil
}

// ReadPrivateKey opens a key file by name.
func ReadPrivateKey(name, passphrase string) (*PrivateKey, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	k, err := OpenPrivateKey(b, passphrase)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

// Embedded is the text of a key set for the linker:
// -X tramxa/service/update.releaseKeys=TEXT.
func (s KeySet) Embedded() string { return base64.StdEncoding.EncodeToString(s.Bytes()) }
