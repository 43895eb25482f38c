package journal

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Encoded envelope (the head of a record), version 1, frozen:
//
//	byte 0   bits 0-1 data class · bit 2 clock trusted · bit 3 zero · bits 4-7 version (1)
//	then     At zigzag · Kind · Version · Actor · Device · DeviceSeq · Op · Base · Offset zigzag
//
// all as unsigned LEB128 in shortest form. Zero fields at the end are left out,
// so an ordinary head has 11 to 14 bytes. Bits 0-1 and 4-7 of byte 0 keep their
// place in every version: a carrier can always read class and version.
const (
	envelopeVersion = 1
	trustedBit      = 1 << 2
	reservedBit     = 1 << 3
	envelopeFields  = 9
)

// fields returns the numbers after byte 0, in order.
func (e Envelope) fields() [envelopeFields]uint64 {
	return [envelopeFields]uint64{
		zigzag(e.At), uint64(e.Kind), uint64(e.Version), uint64(e.Actor),
		uint64(e.Device), e.DeviceSeq, uint64(e.Op), uint64(e.Base), zigzag(int64(e.Offset)),
	}
}

// Append appends the encoding of e, at most MaxHead bytes. Of Class only the two
// low bits are written.
func (e Envelope) Append(b []byte) []byte {
	first := byte(e.Class)&3 | envelopeVersion<<4
	if e.Trusted {
		first |= trustedBit
	}
	b = append(b, first)
	fields := e.fields()
	last := envelopeFields
	for last > 0 && fields[last-1] == 0 {
		last--
	}
	for _, v := range fields[:last] {
		b = binary.AppendUvarint(b, v)
	}
	return b
}

// ClassOf reads the data class of an encoded envelope of any version. Whoever
// does not know a class treats it as sensitive. An empty head is sensitive.
func ClassOf(head []byte) Class {
	if len(head) == 0 {
		return ClassSensitive
	}
	return Class(head[0] & 3)
}

// ParseEnvelope decodes exactly what Append produces and refuses everything else
// with ErrFormat, a newer version too. A record with such a head is still
// carried, stored and chained: nobody re-encodes a head.
func ParseEnvelope(head []byte) (Envelope, error) {
	if len(head) == 0 || len(head) > MaxHead {
		return Envelope{}, fmt.Errorf("%w: envelope of %d bytes", ErrFormat, len(head))
	}
	if v := head[0] >> 4; v != envelopeVersion {
		return Envelope{}, fmt.Errorf("%w: envelope version %d, this program knows %d", ErrFormat, v, envelopeVersion)
	}
	if head[0]&reservedBit != 0 {
		return Envelope{}, fmt.Errorf("%w: reserved bit in envelope", ErrFormat)
	}
	f, err := envelopeNumbers(head[1:])
	if err != nil {
		return Envelope{}, err
	}
	offset := unzigzag(f[8])
	if f[1] > math.MaxUint16 || f[2] > math.MaxUint8 || f[3] > math.MaxUint32 || f[4] > math.MaxUint32 ||
		offset != int64(int32(offset)) {
		return Envelope{}, fmt.Errorf("%w: envelope field out of range", ErrFormat)
	}
	return Envelope{
		Class: ClassOf(head), Trusted: head[0]&trustedBit != 0,
		At: unzigzag(f[0]), Kind: uint16(f[1]), Version: uint8(f[2]), Actor: uint32(f[3]),
		Device: uint32(f[4]), DeviceSeq: f[5], Op: Seq(f[6]), Base: Seq(f[7]), Offset: int32(offset),
	}, nil
}

func envelopeNumbers(b []byte) (f [envelopeFields]uint64, err error) {
	for i := 0; len(b) > 0; i++ {
		if i == envelopeFields {
			return f, fmt.Errorf("%w: bytes after the envelope", ErrFormat)
		}
		v, n, ok := uvarint(b)
		if !ok {
			return f, fmt.Errorf("%w: envelope field %d", ErrFormat, i+1)
		}
		if v == 0 && n == len(b) {
			return f, fmt.Errorf("%w: zero field at the end of the envelope", ErrFormat)
		}
		f[i], b = v, b[n:]
	}
	return f, nil
}

// Envelope decodes the head of r.
func (r Record) Envelope() (Envelope, error) { return ParseEnvelope(r.Head) }
