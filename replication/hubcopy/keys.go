package hubcopy

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/argon2"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/replication/identity"
)

// KeyName is the file with the key of a node's copies, in the node's directory.
const KeyName = "copies.key"

// Layout of the key file and of the sealed keys, version 1, frozen: FORMAT.md.
const (
	keyMagic    = "TXHK"
	version     = 1
	keyFileSize = 4 + 1 + 32 + 32 + sealedSize + 4
	sealedHead  = 4 + 4 + 4 + 16 + 12
	sealedPlain = 32 + 1 + ed25519.SeedSize
	sealedSize  = sealedHead + sealedPlain + 16
	kdfArgon2id = 1
	cipherGCM   = 1
	maxTime     = 16
	maxMemory   = 256 << 10 // KiB; more is refused, not tried
)

// Cost of the derivation; the code has 100 random bits, so it is a second fence.
const (
	kdfTime   = 3
	kdfMemory = 64 << 10 // KiB
)

// Errors about keys.
var (
	ErrBadKeys   = errors.New("file with the key of a hub's copies is damaged or not of this program")
	ErrWrongCode = errors.New("recovery code does not open this copy; hint: it is the code of another hub or node, or an older one")
	ErrWrongKey  = errors.New("this key does not open this copy; hint: it is the key of another hub or node, or a later one; the recovery code of that time opens it")
)

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// Keys are what a node needs to make copies and to prove them.
type Keys struct {
	Pin    identity.Pin
	data   [32]byte
	sealed [sealedSize]byte // opens with the recovery code
}

// NewKeys makes keys for the copies of a hub and seals them, with the hub's
// authority unless ca is nil, under the code. rand is crypto/rand.Reader but in
// tests. It takes some tenths of a second and 64 MiB.
func NewKeys(pin identity.Pin, code backups.RecoveryCode, ca ed25519.PrivateKey, rand io.Reader) (Keys, error) {
	return newKeys(pin, code, ca, rand, kdfTime, kdfMemory)
}

func newKeys(pin identity.Pin, code backups.RecoveryCode, ca ed25519.PrivateKey, rand io.Reader, time, memory uint32) (Keys, error) {
	k := Keys{Pin: pin}
	if codeText(code) == "" {
		return k, errors.New("seal keys: a code is needed")
	}
	if ca != nil && (len(ca) != ed25519.PrivateKeySize || identity.Pin(ca.Public().(ed25519.PublicKey)) != pin) {
		return k, errors.New("the authority is not this hub's; hint: its file was made by the first 'tramxa hub init'")
	}
	var random [16 + 12]byte
	for _, p := range [][]byte{k.data[:], random[:]} {
		if _, err := io.ReadFull(rand, p); err != nil {
			return k, fmt.Errorf("make keys: %w", err)
		}
	}
	head := []byte{kdfArgon2id, cipherGCM, 0, 0}
	head = binary.BigEndian.AppendUint32(head, time)
	head = binary.BigEndian.AppendUint32(head, memory)
	head = append(head, random[:]...)
	plain := make([]byte, sealedPlain)
	copy(plain, k.data[:])
	if ca != nil {
		plain[32] = 1
		copy(plain[33:], ca.Seed())
	}
	box, err := codeCipher(head, code)
	if err != nil {
		return k, err
	}
	copy(k.sealed[:], append(head, box.Seal(nil, head[28:40], plain, codeData(head, pin))...))
	return k, nil
}

// codeText is what the code's key is derived from: its 25 characters.
func codeText(code backups.RecoveryCode) string {
	g := code.Groups()
	return strings.Join(g[:], "")
}

// codeData is what is authenticated beside the keys.
func codeData(head []byte, pin identity.Pin) []byte {
	return append(append([]byte(nil), head...), pin[:]...)
}

func codeCipher(head []byte, code backups.RecoveryCode) (cipher.AEAD, error) {
	time, memory := binary.BigEndian.Uint32(head[4:]), binary.BigEndian.Uint32(head[8:])
	return gcm(argon2.IDKey([]byte(codeText(code)), head[12:28], time, memory, 1, 32))
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// checkSealed says whether sealed keys can be tried; what they cost is bounded.
func checkSealed(b []byte) error {
	if b[0] != kdfArgon2id || b[1] != cipherGCM || b[2]|b[3] != 0 {
		return fmt.Errorf("%w: another way of sealing", ErrBadKeys)
	}
	time, memory := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	if time == 0 || time > maxTime || memory < 8 || memory > maxMemory {
		return fmt.Errorf("%w: a number is out of its range", ErrBadKeys)
	}
	return nil
}

// openSealed opens sealed keys; ErrWrongCode. ca is nil when they hold none.
func openSealed(sealed [sealedSize]byte, pin identity.Pin, code backups.RecoveryCode) (k Keys, ca ed25519.PrivateKey, err error) {
	head := sealed[:sealedHead]
	box, err := codeCipher(head, code)
	if err != nil {
		return k, nil, err
	}
	plain, err := box.Open(nil, head[28:40], sealed[sealedHead:], codeData(head, pin))
	if err != nil {
		return k, nil, ErrWrongCode
	}
	k = Keys{Pin: pin, sealed: sealed}
	copy(k.data[:], plain)
	if plain[32] == 1 {
		ca = ed25519.NewKeyFromSeed(plain[33:])
	}
	return k, ca, nil
}

// Marshal gives the bytes of the key file.
func (k Keys) Marshal() []byte {
	b := append([]byte(keyMagic), version)
	b = append(append(append(b, k.Pin[:]...), k.data[:]...), k.sealed[:]...)
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

// ParseKeys reads what Marshal gave; ErrBadKeys.
func ParseKeys(b []byte) (Keys, error) {
	if len(b) != keyFileSize || string(b[:4]) != keyMagic || binary.BigEndian.Uint32(b[keyFileSize-4:]) != checksum(b[:keyFileSize-4]) {
		return Keys{}, ErrBadKeys
	}
	if b[4] != version {
		return Keys{}, fmt.Errorf("%w: version %d; hint: a newer tramxa made it", ErrBadKeys, b[4])
	}
	k := Keys{Pin: identity.Pin(b[5:37])}
	copy(k.data[:], b[37:69])
	copy(k.sealed[:], b[69:])
	return k, checkSealed(k.sealed[:])
}

// LoadKeys reads a key file; fs.ErrNotExist, ErrBadKeys.
func LoadKeys(name string) (Keys, error) {
	b, err := journal.ReadFile(journal.OS, name, keyFileSize)
	if err != nil {
		return Keys{}, err
	}
	return ParseKeys(b)
}

// Save writes the key file of a node, for its owner alone. It replaces one: the
// copies made before open with the code of their time.
func (k Keys) Save(dir string) error {
	return journal.WriteFileAtomic(journal.OS, filepath.Join(dir, KeyName), k.Marshal(), 0o600)
}

// id names the data key without giving it away.
func (k Keys) id() (id [8]byte) {
	copy(id[:], derive(k.data, nil, "tramxa hub copy key id", 8))
	return id
}

// chunks is the cipher of the copy with this header.
func (k Keys) chunks(head []byte, salt [32]byte) (cipher.AEAD, error) {
	sum := sha256.Sum256(head)
	return gcm(derive(k.data, salt[:], "tramxa hub copy v1"+string(sum[:]), 32))
}

func derive(key [32]byte, salt []byte, info string, n int) []byte {
	b, err := hkdf.Key(sha256.New, key[:], salt, info, n)
	if err != nil {
		panic("hubcopy: internal error: " + err.Error()) // only for lengths beyond 8 kB
	}
	return b
}

// String does not show the key.
func (Keys) String() string { return "keys of a hub's copies (secret)" }

// GoString is String.
func (k Keys) GoString() string { return k.String() }
