package journal

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Trailer, version 1, frozen, 120 bytes, numbers big-endian; it ends a sealed
// segment:
//
//	0 marker "TXE1" · 4 last seq u64 · 12 records u64 · 20 post-hash 32
//	52 Ed25519 signature 64, by the genesis' key, over "tramxa segment seal v1" ‖
//	   the segment header's 112 bytes ‖ bytes 0..51
//	116 CRC32C over bytes 0..115
const (
	trailerMarker = "TXE1"
	trailerFacts  = 52
	trailerLen    = trailerFacts + ed25519.SignatureSize + crcLen
	sealDomain    = "tramxa segment seal v1"
)

// trailer states what its segment results in.
type trailer struct {
	last      Seq
	count     uint64
	post      Hash
	signature [ed25519.SignatureSize]byte
}

func (t trailer) facts() []byte {
	b := make([]byte, 0, trailerLen)
	b = append(b, trailerMarker...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.last))
	b = binary.BigEndian.AppendUint64(b, t.count)
	return append(b, t.post[:]...)
}

func (t trailer) marshal() []byte {
	return appendCRC(append(t.facts(), t.signature[:]...), 0)
}

func (t trailer) message(h header) []byte {
	m := append([]byte(sealDomain), h.marshal()...)
	return append(m, t.facts()...)
}

func (t *trailer) sign(h header, key ed25519.PrivateKey) {
	copy(t.signature[:], ed25519.Sign(key, t.message(h)))
}

// verify checks that the trailer belongs to the header and was signed by key.
func (t trailer) verify(h header, key ed25519.PublicKey) error {
	if uint64(t.last)+1 != uint64(h.first)+t.count {
		return fmt.Errorf("%w: seal counts %d records from %d to %d", ErrFormat, t.count, h.first, t.last)
	}
	if !ed25519.Verify(key, t.message(h), t.signature[:]) {
		return fmt.Errorf("seal: %w", ErrSignature)
	}
	return nil
}

// parseTrailer reads the trailer at off; errBytes when there is none.
func parseTrailer(seg []byte, off int) (trailer, error) {
	if off < 0 || len(seg)-off < trailerLen {
		return trailer{}, errBytes
	}
	b := seg[off : off+trailerLen]
	if string(b[:4]) != trailerMarker ||
		crc32.Checksum(b[:trailerLen-crcLen], castagnoli) != binary.BigEndian.Uint32(b[trailerLen-crcLen:]) {
		return trailer{}, errBytes
	}
	r := reader{b: b[4:]}
	t := trailer{last: Seq(r.u64()), count: r.u64(), post: r.hash()}
	copy(t.signature[:], r.take(ed25519.SignatureSize))
	return t, nil
}
