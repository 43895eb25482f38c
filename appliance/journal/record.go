package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Encoded record, version 1, frozen:
//
//	uvarint len(head) (1..MaxHead) · uvarint len(body) (0..MaxBody) · head
//	key id of the body, uvarint, only when the class in head is not ordinary; 0 in version 1
//	body · CRC32C big-endian over all bytes before it
//
// The key id keeps the place where the body of a sensitive record will name a
// key of its own. The sequence is not written: it follows from the frame.

// castagnoli is the table of CRC32C; a pure value of the standard library.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const crcLen = 4

func appendCRC(b []byte, from int) []byte {
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[from:], castagnoli))
}

// AppendRecord appends the encoding of rec; rec.Seq is not part of it. Head and
// body must keep the limits (Journal.Append sees to it).
func AppendRecord(b []byte, rec Record) []byte {
	from := len(b)
	b = binary.AppendUvarint(b, uint64(len(rec.Head)))
	b = binary.AppendUvarint(b, uint64(len(rec.Body)))
	b = append(b, rec.Head...)
	if ClassOf(rec.Head) != ClassOrdinary {
		b = append(b, 0)
	}
	b = append(b, rec.Body...)
	return appendCRC(b, from)
}

// ParseRecord decodes the record at the start of b and gives it the sequence seq.
// Head and Body alias b. It refuses, with ErrFormat, what AppendRecord would not
// write; the head itself is not looked into beyond its class.
func ParseRecord(b []byte, seq Seq) (rec Record, rest []byte, err error) {
	headLen, n, ok := uvarint(b)
	bodyLen, m, ok2 := uvarint(b[n:])
	if !ok || !ok2 || headLen == 0 || headLen > MaxHead || bodyLen > MaxBody {
		return Record{}, nil, fmt.Errorf("%w: lengths of record %d", ErrFormat, seq)
	}
	r := reader{b: b[n+m:]}
	head := r.take(int(headLen))
	if ClassOf(head) != ClassOrdinary && r.u8() != 0 {
		return Record{}, nil, fmt.Errorf("%w: body of record %d has a key of its own", ErrFormat, seq)
	}
	body := r.take(int(bodyLen))
	size := len(b) - len(r.b)
	sum := r.u32()
	if r.bad {
		return Record{}, nil, fmt.Errorf("%w: record %d is cut short", ErrFormat, seq)
	}
	if crc32.Checksum(b[:size], castagnoli) != sum {
		return Record{}, nil, fmt.Errorf("%w: checksum of record %d", ErrFormat, seq)
	}
	return Record{Seq: seq, Head: head[:headLen:headLen], Body: body[:bodyLen:bodyLen]}, r.b, nil
}

// Size is the number of bytes a draft takes in its group, at most. A group keeps
// within MaxFrame when the sizes of its drafts do.
func (d Draft) Size() int {
	return binary.MaxVarintLen16 + binary.MaxVarintLen32 + MaxHead + 1 + len(d.Body) + crcLen
}
