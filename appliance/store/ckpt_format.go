package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"

	"tramxa/appliance/journal"
)

// Checkpoint file, version 1, frozen; numbers big-endian:
//
//	header, 104 bytes
//	  0 magic "TXC1" · 4 version u8 (1) · 5 cipher u8 (1 AES-256-GCM) · 6 compression u8 (1 zstd) · 7 zero
//	  8 station u32 · 12 epoch u32 · 16 mint u32 · 20 fold version u32
//	  24 sequence u64 · 32 chain hash 32 · 64 key id u32 · 68 salt 32 · 100 CRC32C over bytes 0..99
//	chunks, each
//	  length u32 (bit 31: the last chunk; the rest: bytes of ciphertext) · ciphertext
//	  key = HKDF-SHA256(data key, salt, "tramxa checkpoint key v1"), nonce = chunk
//	  number u64 ‖ 0 0 0 ‖ last u8, additional data = SHA-256(header)
//	SHA-256 over all before it
//
// The plain bytes of the chunks, at most 64 KiB each and only the last shorter,
// are one zstd stream (window at most 256 KiB) of
//
//	rows, keys strictly ascending: uvarint length of key (1..4096) · key · uvarint length of value (≤ 1 MiB) · value
//	end: uvarint 0 · uvarint number of rows · content hash 32
//
// The content hash is SHA-256 over contentDomain, the header's bytes 8..63 and
// the rows as written: it says what the register is, whatever key and salt the
// file was written with.
const (
	ckptMagic    = "TXC1"
	ckptVersion  = 1
	ckptAESGCM   = 1
	ckptZstd     = 1
	ckptHeader   = 104
	ckptSalt     = 32
	ckptChunk    = 64 << 10
	ckptTag      = 16
	ckptLast     = 1 << 31
	ckptWindow   = 256 << 10
	maxRowKey    = 4 << 10
	maxRowValue  = 1 << 20
	ckptKeyInfo  = "tramxa checkpoint key v1"
	ckptDomain   = "tramxa checkpoint content v1"
	contentFirst = 8  // header bytes that enter the content hash …
	contentEnd   = 64 // … end before this
)

// ErrBadCheckpoint is wrapped by every error about a checkpoint file's bytes.
var ErrBadCheckpoint = errors.New("checkpoint file is damaged or not understood")

// CheckpointInfo is what a checkpoint's header states.
type CheckpointInfo struct {
	Origin journal.Origin // Lane is LaneRegister
	Fold   uint32         // fold version of the rows
	Seq    journal.Seq    // every record up to it is folded in, none after it
	Chain  journal.Hash   // h(Seq)
}

type ckptHead struct {
	CheckpointInfo
	keyID uint32
	salt  [ckptSalt]byte
}

func (h ckptHead) marshal() []byte {
	b := make([]byte, 0, ckptHeader)
	b = append(b, ckptMagic...)
	b = append(b, ckptVersion, ckptAESGCM, ckptZstd, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(h.Origin.Station))
	b = binary.BigEndian.AppendUint32(b, uint32(h.Origin.Epoch))
	b = binary.BigEndian.AppendUint32(b, h.Origin.Mint)
	b = binary.BigEndian.AppendUint32(b, h.Fold)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Seq))
	b = append(b, h.Chain[:]...)
	b = binary.BigEndian.AppendUint32(b, h.keyID)
	b = append(b, h.salt[:]...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func parseCkptHead(b []byte) (ckptHead, error) {
	var h ckptHead
	switch {
	case len(b) != ckptHeader || string(b[:4]) != ckptMagic:
		return h, fmt.Errorf("%w: not a checkpoint", ErrBadCheckpoint)
	case binary.BigEndian.Uint32(b[ckptHeader-4:]) != crc32.Checksum(b[:ckptHeader-4], castagnoli):
		return h, fmt.Errorf("%w: header checksum", ErrBadCheckpoint)
	case b[4] > ckptVersion:
		return h, fmt.Errorf("%w: %w: version %d", ErrBadCheckpoint, journal.ErrNewer, b[4])
	case b[4] != ckptVersion || b[5] != ckptAESGCM || b[6] != ckptZstd || b[7] != 0:
		return h, fmt.Errorf("%w: version %d, cipher %d, compression %d", ErrBadCheckpoint, b[4], b[5], b[6])
	}
	u32 := binary.BigEndian.Uint32
	h.Origin = journal.Origin{Station: journal.Station(u32(b[8:])), Epoch: journal.Epoch(u32(b[12:])), Mint: u32(b[16:])}
	h.Fold, h.Seq = u32(b[20:]), journal.Seq(binary.BigEndian.Uint64(b[24:]))
	copy(h.Chain[:], b[32:])
	h.keyID = u32(b[64:])
	copy(h.salt[:], b[68:])
	return h, nil
}

// content starts the content hash of a checkpoint with this header.
func (h ckptHead) content() hash.Hash {
	s := sha256.New()
	s.Write([]byte(ckptDomain))
	s.Write(h.marshal()[contentFirst:contentEnd])
	return s
}

// chunkSealer encrypts and opens the chunks of one checkpoint.
type chunkSealer struct {
	aead cipher.AEAD
	head [sha256.Size]byte
	next uint64
}

func newChunkSealer(h ckptHead, key journal.Key) (*chunkSealer, error) {
	if h.keyID != key.ID {
		return nil, fmt.Errorf("%w: checkpoint needs key %d", journal.ErrWrongKey, h.keyID)
	}
	k, err := hkdf.Key(sha256.New, key.Bytes[:], h.salt[:], ckptKeyInfo, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &chunkSealer{aead: aead, head: sha256.Sum256(h.marshal())}, nil
}

func (s *chunkSealer) nonce(last bool) []byte {
	n := binary.BigEndian.AppendUint64(make([]byte, 0, 12), s.next)
	s.next++
	if last {
		return append(n, 0, 0, 0, 1)
	}
	return append(n, 0, 0, 0, 0)
}

func (s *chunkSealer) seal(dst, plain []byte, last bool) []byte {
	return s.aead.Seal(dst, s.nonce(last), plain, s.head[:])
}

func (s *chunkSealer) open(box []byte, last bool) ([]byte, error) {
	p, err := s.aead.Open(box[:0], s.nonce(last), box, s.head[:])
	if err != nil {
		return nil, fmt.Errorf("%w: chunk %d does not decrypt", ErrBadCheckpoint, s.next-1)
	}
	return p, nil
}
