package backups

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"golang.org/x/crypto/argon2"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// SealedName is the name of the file with the station's keys sealed under the
// recovery code: in the station's directory, and in every place of backups.
const SealedName = "keys.sealed"

// SealedSize is the size of such a file in bytes, always.
const SealedSize = sealedHeader + sealedPlain + 16 + 4

// Layout of keys.sealed, version 1, frozen; numbers are big-endian. See FORMAT.md.
const (
	sealedMagic   = "TXKS"
	sealedVersion = 1
	kdfArgon2id   = 1
	cipherAESGCM  = 1
	sealedHeader  = 56
	sealedPlain   = 4 + 3*32
)

// Cost of the derivation. 64 MiB can be had on a PC with 1 GB; the code has 100
// random bits, so the cost is a second fence and not the first.
const (
	kdfTime    = 3
	kdfMemory  = 64 << 10 // KiB
	maxKDFTime = 16
	maxMemory  = 256 << 10 // KiB; more is refused, not tried
)

// Errors of OpenKeys.
var (
	ErrBadSealed = errors.New("file with the sealed keys is damaged or not of this program")
	ErrWrongCode = errors.New("recovery code does not open these keys; hint: it is the sheet of another station, or an older one")
)

// SealedInfo is what keys.sealed says without the code; only after OpenKeys is it
// certain.
type SealedInfo struct {
	Station journal.Station
	Epoch   journal.Epoch
}

// sealedHead is the part before the ciphertext.
type sealedHead struct {
	SealedInfo
	time, memory uint32
	salt         [16]byte
	nonce        [12]byte
}

func (h sealedHead) append(b []byte) []byte {
	b = append(b, sealedMagic...)
	b = append(b, sealedVersion, kdfArgon2id, cipherAESGCM, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(h.Station))
	b = binary.BigEndian.AppendUint32(b, uint32(h.Epoch))
	b = binary.BigEndian.AppendUint32(b, h.time)
	b = binary.BigEndian.AppendUint32(b, h.memory)
	b = append(b, 1, 0, 0, 0) // threads
	b = append(b, h.salt[:]...)
	return append(b, h.nonce[:]...)
}

// parseSealed reads a whole file's frame: size, checksum, header.
func parseSealed(b []byte) (sealedHead, error) {
	bad := func(what string) (sealedHead, error) { return sealedHead{}, fmt.Errorf("%w: %s", ErrBadSealed, what) }
	if len(b) != SealedSize {
		return bad(fmt.Sprintf("%d bytes instead of %d", len(b), SealedSize))
	}
	body, sum := b[:SealedSize-4], binary.BigEndian.Uint32(b[SealedSize-4:])
	if crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) != sum {
		return bad("checksum does not fit")
	}
	if string(b[:4]) == sealedMagic && b[4] > sealedVersion {
		return sealedHead{}, fmt.Errorf("%w: %w: version %d", ErrBadSealed, journal.ErrNewer, b[4])
	}
	if string(b[:4]) != sealedMagic || b[4] != sealedVersion {
		return bad("another format or version")
	}
	if b[5] != kdfArgon2id || b[6] != cipherAESGCM || b[7] != 0 || b[24] != 1 || b[25]|b[26]|b[27] != 0 {
		return bad("another way of sealing")
	}
	h := sealedHead{
		SealedInfo: SealedInfo{Station: journal.Station(binary.BigEndian.Uint32(b[8:])), Epoch: journal.Epoch(binary.BigEndian.Uint32(b[12:]))},
		time:       binary.BigEndian.Uint32(b[16:]), memory: binary.BigEndian.Uint32(b[20:]),
		salt: [16]byte(b[28:44]), nonce: [12]byte(b[44:56]),
	}
	if h.Station == 0 || h.Epoch == 0 || h.time == 0 || h.time > maxKDFTime || h.memory < 8 || h.memory > maxMemory {
		return bad("a number is out of its range")
	}
	return h, nil
}

// ReadSealed says whose keys a sealed file holds; ErrBadSealed.
func ReadSealed(b []byte) (SealedInfo, error) {
	h, err := parseSealed(b)
	return h.SealedInfo, err
}

func (h sealedHead) aead(code RecoveryCode) (cipher.AEAD, error) {
	block, err := aes.NewCipher(argon2.IDKey([]byte(code.text), h.salt[:], h.time, h.memory, 1, 32))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// SealKeys seals a station's keys under the code. rand is crypto/rand.Reader but
// in tests. It takes some tenths of a second and 64 MiB.
func SealKeys(k store.Keys, code RecoveryCode, rand io.Reader) ([]byte, error) {
	return sealKeys(k, code, rand, kdfTime, kdfMemory)
}

func sealKeys(k store.Keys, code RecoveryCode, rand io.Reader, time, memory uint32) ([]byte, error) {
	if code.text == "" || k.Station == 0 || k.Epoch == 0 || len(k.Signer) != ed25519.PrivateKeySize {
		return nil, errors.New("seal keys: a code and whole keys are needed")
	}
	h := sealedHead{SealedInfo: SealedInfo{Station: k.Station, Epoch: k.Epoch}, time: time, memory: memory}
	for _, p := range [][]byte{h.salt[:], h.nonce[:]} {
		if _, err := io.ReadFull(rand, p); err != nil {
			return nil, fmt.Errorf("seal keys: %w", err)
		}
	}
	aead, err := h.aead(code)
	if err != nil {
		return nil, fmt.Errorf("seal keys: %w", err)
	}
	plain := binary.BigEndian.AppendUint32(make([]byte, 0, sealedPlain), k.Data.ID)
	plain = append(plain, k.Data.Bytes[:]...)
	plain = append(plain, k.Secret[:]...)
	plain = append(plain, k.Signer.Seed()...)
	b := h.append(make([]byte, 0, SealedSize))
	b = aead.Seal(b, h.nonce[:], plain, b)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))), nil
}

// OpenKeys opens what SealKeys sealed; ErrBadSealed, ErrWrongCode.
func OpenKeys(b []byte, code RecoveryCode) (store.Keys, error) {
	h, err := parseSealed(b)
	if err != nil {
		return store.Keys{}, err
	}
	aead, err := h.aead(code)
	if err != nil {
		return store.Keys{}, err
	}
	plain, err := aead.Open(nil, h.nonce[:], b[sealedHeader:SealedSize-4], b[:sealedHeader])
	if err != nil {
		return store.Keys{}, ErrWrongCode
	}
	k := store.Keys{Station: h.Station, Epoch: h.Epoch, Data: journal.Key{ID: binary.BigEndian.Uint32(plain)}}
	copy(k.Data.Bytes[:], plain[4:])
	copy(k.Secret[:], plain[36:])
	k.Signer = ed25519.NewKeyFromSeed(plain[68:100])
	if k.Data.ID == 0 {
		return store.Keys{}, fmt.Errorf("%w: key id is 0", ErrBadSealed)
	}
	return k, nil
}
