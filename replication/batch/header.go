package batch

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"tramxa/appliance/journal"
)

const (
	magic     = "TXB"
	version   = 1
	crcSize   = 4
	tailSize  = crcSize + ed25519.SignatureSize
	minHeader = len(magic) + 1 + 9 + 64
)

// Header is what a batch states before its records.
type Header struct {
	Origin     journal.Origin
	First      journal.Seq
	Last       journal.Seq
	Raw        int // bytes of heads and bodies
	PreHash    journal.Hash
	PostHash   journal.Hash
	Packing    Packing
	Dictionary uint32 // 0: none
}

// Count returns the number of records.
func (h Header) Count() int { return int(h.Last - h.First + 1) }

// statement is what the signature covers: what the chain states and nothing of
// the packing, so that a tier may repack and the signature still verifies.
func (h Header) statement() []byte {
	b := append(make([]byte, 0, 128), "tramxa batch statement v1\x00"...)
	b = binary.BigEndian.AppendUint32(b, uint32(h.Origin.Station))
	b = binary.BigEndian.AppendUint32(b, uint32(h.Origin.Epoch))
	b = append(b, byte(h.Origin.Lane))
	b = binary.BigEndian.AppendUint32(b, h.Origin.Mint)
	b = binary.BigEndian.AppendUint64(b, uint64(h.First))
	b = binary.BigEndian.AppendUint64(b, uint64(h.Last))
	b = append(b, h.PreHash[:]...)
	return append(b, h.PostHash[:]...)
}

func (h Header) append(b []byte) []byte {
	b = append(b, magic...)
	b = append(b, version)
	for _, n := range []uint64{
		uint64(h.Packing), uint64(h.Dictionary),
		uint64(h.Origin.Station), uint64(h.Origin.Epoch), uint64(h.Origin.Lane), uint64(h.Origin.Mint),
		uint64(h.First), uint64(h.Count()), uint64(h.Raw),
	} {
		b = binary.AppendUvarint(b, n)
	}
	b = append(b, h.PreHash[:]...)
	return append(b, h.PostHash[:]...)
}

// Peek reads the header of a batch and checks its bounds and checksum. It
// neither unpacks nor verifies anything.
func Peek(b []byte) (Header, error) {
	h, _, err := split(b)
	return h, err
}

// ID names these bytes (not the records in them): the first 16 bytes of their
// SHA-256. Both ends of a link use it to go on with a batch cut off half way.
func ID(b []byte) [16]byte {
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

// checksum is CRC32C, big-endian. It is there for the parts of a batch that
// neither signature nor chain cover: how it is packed.
func checksum(b []byte) []byte {
	return binary.BigEndian.AppendUint32(nil, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// split parses the header and returns the packed records behind it.
func split(b []byte) (Header, []byte, error) {
	if len(b) > MaxPacked {
		return Header{}, nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, len(b))
	}
	if len(b) < minHeader+tailSize || string(b[:len(magic)]) != magic {
		return Header{}, nil, fmt.Errorf("%w: no batch header", ErrMalformed)
	}
	if v := b[len(magic)]; v != version {
		return Header{}, nil, fmt.Errorf("%w: version %d, this program knows %d", ErrNewer, v, version)
	}
	body := b[:len(b)-tailSize]
	if !bytes.Equal(checksum(body), b[len(body):len(body)+crcSize]) {
		return Header{}, nil, fmt.Errorf("%w: checksum", ErrMalformed)
	}
	r := reader{b: body, pos: len(magic) + 1}
	packing := r.uvarint(math.MaxUint16)
	h := Header{
		Packing:    Packing(packing),
		Dictionary: uint32(r.uvarint(math.MaxUint32)),
		Origin: journal.Origin{
			Station: journal.Station(r.uvarint(math.MaxUint32)),
			Epoch:   journal.Epoch(r.uvarint(math.MaxUint32)),
			Lane:    journal.Lane(r.uvarint(math.MaxUint8)),
			Mint:    uint32(r.uvarint(math.MaxUint32)),
		},
		First: journal.Seq(r.uvarint(math.MaxInt64)),
	}
	count := r.uvarint(math.MaxInt64)
	h.Raw = int(r.uvarint(math.MaxInt64))
	copy(h.PreHash[:], r.take(len(h.PreHash)))
	copy(h.PostHash[:], r.take(len(h.PostHash)))
	if r.bad {
		return Header{}, nil, fmt.Errorf("%w: header", ErrMalformed)
	}
	if packing >= packingsKnown {
		return Header{}, nil, fmt.Errorf("%w: packing %d", ErrNewer, packing)
	}
	packed := body[r.pos:]
	if err := checkBounds(h.First, count, uint64(h.Raw), len(packed)); err != nil {
		return Header{}, nil, err
	}
	h.Last = h.First + journal.Seq(count) - 1
	return h, packed, nil
}

func checkBounds(first journal.Seq, count, raw uint64, packed int) error {
	switch {
	case first == 0 || count == 0 || uint64(first) > math.MaxInt64-count:
		return fmt.Errorf("%w: sequence range", ErrMalformed)
	case count > MaxRecords || raw > MaxRaw:
		return fmt.Errorf("%w: %d records of %d bytes", ErrTooLarge, count, raw)
	case raw < count:
		return fmt.Errorf("%w: %d bytes cannot hold %d records", ErrMalformed, raw, count)
	case swollen(int(raw), packed):
		return fmt.Errorf("%w: %d bytes from %d", ErrTooLarge, raw, packed)
	}
	return nil
}
