package journal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Segment header, version 1, frozen, 112 bytes, numbers big-endian:
//
//	0 magic "TXJ1" · 4 version u8 (1) · 5 cipher u8 (1 AES-256-GCM) · 6 lane u8 · 7 zero
//	8 station u32 · 12 epoch u32 · 16 mint u32 · 20 number u32 (as in the file name)
//	24 key id u32 · 28 key check 8 · 36 salt 32 · 68 first seq u64 · 76 pre-hash 32
//	108 CRC32C over bytes 0..107
//
// It is shorter than a sector, so a power cut leaves it whole or not at all.
const (
	segmentMagic   = "TXJ1"
	segmentVersion = 1
	cipherAESGCM   = 1
	saltLen        = 32
	headerLen      = 112
	sectorLen      = 512 // what a disk writes whole

	keyInfo   = "tramxa journal segment key v1"
	checkInfo = "tramxa journal key check v1"
)

// header is the start of a segment file: which journal, from where, under which key.
type header struct {
	origin Origin
	number uint32
	keyID  uint32
	check  [8]byte
	salt   [saltLen]byte
	first  Seq  // sequence of the first record the file may hold
	pre    Hash // chain before it
}

func (h header) marshal() []byte {
	b := make([]byte, 0, headerLen)
	b = append(b, segmentMagic...)
	b = append(b, segmentVersion, cipherAESGCM, byte(h.origin.Lane), 0)
	b = binary.BigEndian.AppendUint32(b, uint32(h.origin.Station))
	b = binary.BigEndian.AppendUint32(b, uint32(h.origin.Epoch))
	b = binary.BigEndian.AppendUint32(b, h.origin.Mint)
	b = binary.BigEndian.AppendUint32(b, h.number)
	b = binary.BigEndian.AppendUint32(b, h.keyID)
	b = append(b, h.check[:]...)
	b = append(b, h.salt[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.first))
	b = append(b, h.pre[:]...)
	return appendCRC(b, 0)
}

// parseHeader decodes the header at the start of b. A bad magic or checksum is
// errBytes: the bytes are not, or no longer, a header. ErrFormat is a sound
// header that this program does not understand.
func parseHeader(b []byte) (header, error) {
	if len(b) < headerLen || string(b[:4]) != segmentMagic ||
		crc32.Checksum(b[:headerLen-crcLen], castagnoli) != binary.BigEndian.Uint32(b[headerLen-crcLen:]) {
		return header{}, errBytes
	}
	if b[4] > segmentVersion {
		return header{}, fmt.Errorf("%w: %w: segment version %d", ErrFormat, ErrNewer, b[4])
	}
	if b[4] != segmentVersion || b[5] != cipherAESGCM || b[7] != 0 {
		return header{}, fmt.Errorf("%w: segment version %d, cipher %d", ErrFormat, b[4], b[5])
	}
	r := reader{b: b[8:]}
	h := header{origin: Origin{Station: Station(r.u32()), Epoch: Epoch(r.u32()), Lane: Lane(b[6]), Mint: r.u32()}}
	h.number, h.keyID = r.u32(), r.u32()
	copy(h.check[:], r.take(len(h.check)))
	copy(h.salt[:], r.take(saltLen))
	h.first = Seq(r.u64())
	h.pre = r.hash()
	return h, nil
}

// derive returns 32 bytes for one use of the data key in one segment.
func derive(key Key, salt [saltLen]byte, info string) ([]byte, error) {
	return hkdf.Key(sha256.New, key.Bytes[:], salt[:], info, 32)
}

// keyCheck tells a wrong key from damage without giving the key away.
func keyCheck(key Key, salt [saltLen]byte) (c [8]byte, err error) {
	sum, err := derive(key, salt, checkInfo)
	copy(c[:], sum)
	return c, err
}

// sealer encrypts and opens the frames of one segment.
type sealer struct {
	aead cipher.AEAD
	head Hash // SHA-256 of the segment header, authenticated with every frame
}

// newSealer refuses, with ErrWrongKey, a key other than the header's.
func newSealer(h header, key Key) (*sealer, error) {
	check, err := keyCheck(key, h.salt)
	if err != nil {
		return nil, err
	}
	if h.keyID != key.ID || subtle.ConstantTimeCompare(check[:], h.check[:]) != 1 {
		return nil, fmt.Errorf("%w: segment %s needs key %d", ErrWrongKey, segmentName(h.number), h.keyID)
	}
	k, err := derive(key, h.salt, keyInfo)
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
	return &sealer{aead: aead, head: sha256.Sum256(h.marshal())}, nil
}
