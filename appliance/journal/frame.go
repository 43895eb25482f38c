package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// Frame, version 1, frozen, numbers big-endian. One frame is one group:
//
//	0 marker "TXF1" · 4 first seq u64 · 12 count u16 (1..MaxGroup) · 14 length u32 of the ciphertext
//	18 CRC32C over bytes 0..17 · 22 ciphertext (AES-256-GCM of the group's records, 16 bytes of tag)
//	then CRC32C over the ciphertext
//
// Nonce: 4 zero bytes and the first sequence. It never repeats under a key,
// because a key serves one segment, a segment one start, and within a start no
// sequence is written twice: a failed write stops the journal. Authenticated
// data: SHA-256 of the segment header ‖ bytes 0..21.
const (
	frameMarker    = "TXF1"
	frameHeaderLen = 22
	tagLen         = 16
	maxCipher      = MaxFrame + tagLen
	maxFrameLen    = frameHeaderLen + maxCipher + crcLen
)

// errBytes marks bytes that are not what they should be. It stays inside the
// package: scan.go decides whether they are a torn tail or damage.
var errBytes = errors.New("bytes do not verify")

// frame is where one group lies in its segment.
type frame struct {
	first  Seq
	count  int
	off    int // of the marker
	length int // of the ciphertext
}

func (f frame) last() Seq { return f.first + Seq(f.count) - 1 }

func (f frame) end() int { return f.off + frameHeaderLen + f.length + crcLen }

// cipherText returns the frame's ciphertext inside the segment's bytes.
func (f frame) cipherText(seg []byte) []byte {
	return seg[f.off+frameHeaderLen : f.end()-crcLen]
}

func appendFrameHeader(b []byte, first Seq, count, length int) []byte {
	from := len(b)
	b = append(b, frameMarker...)
	b = binary.BigEndian.AppendUint64(b, uint64(first))
	b = binary.BigEndian.AppendUint16(b, uint16(count))
	b = binary.BigEndian.AppendUint32(b, uint32(length))
	return appendCRC(b, from)
}

// parseFrameHeader reads the frame header at off. It does not say that the rest
// of the frame is there.
func parseFrameHeader(seg []byte, off int) (frame, error) {
	if off < 0 || len(seg)-off < frameHeaderLen {
		return frame{}, errBytes
	}
	b := seg[off : off+frameHeaderLen]
	if string(b[:4]) != frameMarker ||
		crc32.Checksum(b[:frameHeaderLen-crcLen], castagnoli) != binary.BigEndian.Uint32(b[frameHeaderLen-crcLen:]) {
		return frame{}, errBytes
	}
	f := frame{
		first:  Seq(binary.BigEndian.Uint64(b[4:])),
		count:  int(binary.BigEndian.Uint16(b[12:])),
		length: int(binary.BigEndian.Uint32(b[14:])),
		off:    off,
	}
	if f.first == 0 || f.count == 0 || f.count > MaxGroup || f.length <= tagLen || f.length > maxCipher ||
		f.last() < f.first {
		return frame{}, errBytes
	}
	return f, nil
}

// parseFrame reads a whole frame at off and checks both checksums; no key needed.
func parseFrame(seg []byte, off int) (frame, error) {
	f, err := parseFrameHeader(seg, off)
	if err != nil {
		return f, err
	}
	if f.end() > len(seg) ||
		crc32.Checksum(f.cipherText(seg), castagnoli) != binary.BigEndian.Uint32(seg[f.end()-crcLen:]) {
		return f, errBytes
	}
	return f, nil
}

func nonce(first Seq) []byte {
	n := make([]byte, 12)
	binary.BigEndian.PutUint64(n[4:], uint64(first))
	return n
}

func (s *sealer) additional(frameHeader []byte) []byte {
	ad := make([]byte, 0, len(s.head)+frameHeaderLen)
	ad = append(ad, s.head[:]...)
	return append(ad, frameHeader...)
}

// seal appends the frame of a group whose encoded records are plain.
func (s *sealer) seal(b []byte, first Seq, count int, plain []byte) []byte {
	from := len(b)
	b = appendFrameHeader(b, first, count, len(plain)+tagLen)
	text := len(b)
	b = s.aead.Seal(b, nonce(first), plain, s.additional(b[from:text]))
	return appendCRC(b, text)
}

// open decrypts f in place and returns its records' encoding, which aliases seg.
// errBytes when the ciphertext was altered.
func (s *sealer) open(seg []byte, f frame) ([]byte, error) {
	text := f.cipherText(seg)
	plain, err := s.aead.Open(text[:0], nonce(f.first), text, s.additional(seg[f.off:f.off+frameHeaderLen]))
	if err != nil {
		return nil, errBytes
	}
	return plain, nil
}

// eachRecord calls fn for every record of a decrypted frame. Bytes that do not
// parse, or are left over, are errBytes.
func eachRecord(f frame, plain []byte, fn func(Record) error) error {
	for seq := f.first; seq <= f.last(); seq++ {
		rec, rest, err := ParseRecord(plain, seq)
		if err != nil {
			return errBytes
		}
		if err := fn(rec); err != nil {
			return err
		}
		plain = rest
	}
	if len(plain) != 0 {
		return errBytes
	}
	return nil
}
