package journal

import (
	"bytes"
	"testing"
)

// group is a segment with one sound frame at an offset that makes it span
// sectors, padded with zeros as preallocation does.
func group(t *testing.T, pad, body int) (seg []byte, s *sealer, at, end int) {
	t.Helper()
	h := header{origin: Origin{Station: 1, Epoch: 1}, number: 1, first: 1}
	s, err := newSealer(withCheck(t, h), Key{})
	if err != nil {
		t.Fatal(err)
	}
	seg = bytes.Repeat([]byte{0xee}, headerLen+pad)
	at = len(seg)
	plain := AppendRecord(nil, Record{Head: []byte{0x10}, Body: make([]byte, body)})
	seg = s.seal(seg, 1, 1, plain)
	end = len(seg)
	return append(seg, make([]byte, 600)...), s, at, end
}

func withCheck(t *testing.T, h header) header {
	t.Helper()
	var err error
	if h.check, err = keyCheck(Key{}, h.salt); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAWriteThatEndedEarlyIsTornAtEveryLength(t *testing.T) {
	for pad := 370; pad < 410; pad += 3 { // the header crosses a sector in some
		seg, _, at, end := group(t, pad, 700)
		for cut := at + 1; cut < end; cut++ {
			b := bytes.Clone(seg)
			clear(b[cut:])
			want := endTorn
			if bytes.Equal(b, seg) {
				continue // what was not written was zero anyway
			}
			if got, _ := after(b, at, 1); got != want {
				t.Fatalf("frame %d to %d cut at %d: %d", at, end, cut, got)
			}
			if got, _ := after(b[:cut], at, 1); got != want {
				t.Fatalf("frame %d to %d, file ends at %d: %d", at, end, cut, got)
			}
		}
	}
}

func TestAMissingSectorIsTornAndAFlippedBitIsNot(t *testing.T) {
	for pad := 370; pad < 410; pad += 3 {
		seg, _, at, end := group(t, pad, 1200)
		for sector := at / sectorLen; sector*sectorLen < end; sector++ {
			b := bytes.Clone(seg)
			clear(b[max(at, sector*sectorLen):min(end, (sector+1)*sectorLen)])
			if got, _ := after(b, at, 1); got != endTorn {
				t.Fatalf("frame %d to %d without sector %d: %d", at, end, sector, got)
			}
		}
		for off := at; off < end; off++ {
			b := bytes.Clone(seg)
			b[off] ^= 1 << (off % 8)
			if got, _ := after(b, at, 1); got != endBad {
				t.Fatalf("frame %d to %d, bit flipped at %d: %d", at, end, off, got)
			}
		}
	}
}

// One checksum in 256 ends in a zero byte: a flip elsewhere must still not look
// like a write that missed its last byte.
func TestAChecksumEndingInZeroHidesNoFlip(t *testing.T) {
	found := 0
	for body := range 2000 {
		seg, _, at, end := group(t, 0, body)
		if seg[end-1] != 0 {
			continue
		}
		found++
		for _, off := range []int{at + frameHeaderLen, (at + end) / 2, end - 2} {
			b := bytes.Clone(seg)
			b[off] ^= 0x80
			if got, _ := after(b, at, 1); got != endBad {
				t.Fatalf("body of %d bytes, bit flipped at %d: %d", body, off, got)
			}
		}
	}
	if found == 0 {
		t.Fatal("no checksum ended in zero")
	}
}

func TestATornSealIsNoDamage(t *testing.T) {
	for pad := range 420 {
		seg, _, _, end := group(t, pad, 10)
		tr := trailer{last: 1, count: 1, post: Hash{1}}
		for i := range tr.signature {
			tr.signature[i] = byte(i + 1)
		}
		copy(seg[end:], tr.marshal())
		if got, _ := after(seg, end, 2); got != endSealed {
			t.Fatalf("whole seal: %d", got)
		}
		for _, cut := range []int{1, 4, 30, trailerLen - 4, trailerLen - 1} {
			b := bytes.Clone(seg)
			clear(b[end+cut:])
			if got, _ := after(b, end, 2); got != endTorn && !bytes.Equal(b, seg) {
				t.Fatalf("seal at %d cut at %d: %d", end, cut, got)
			}
		}
		b := bytes.Clone(seg)
		b[end+60] ^= 4
		if got, _ := after(b, end, 2); got != endBad {
			t.Fatalf("seal at %d with a flipped bit: %d", end, got)
		}
	}
}
