package journal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// This file decides, from the bytes of a segment alone, what follows the last
// good frame: nothing, a seal, what a power cut leaves, or damage.
//
// A power cut leaves only the last frame unfinished, because a frame is written
// after the one before was synced; and what it leaves of that frame is some
// sectors written and the others as they were, that is zero (segments are new
// files, preallocated), or a beginning and then zeros. Anything else was changed
// later, and is damage even at the very end of the file.

// ending is what stands after the last good frame.
type ending uint8

const (
	endClean  ending = iota // zeros or the end of the file
	endSealed               // a trailer
	endTorn                 // an unfinished frame or trailer
	endBad                  // damage
)

// maxCandidates bounds the search for a good frame after a bad one: so many
// bodies under a good header are checked.
const maxCandidates = 256

// after says what stands at off, where the frame with sequence next is expected.
func after(seg []byte, off int, next Seq) (ending, trailer) {
	if allZero(seg[off:]) {
		return endClean, trailer{}
	}
	if t, err := parseTrailer(seg, off); err == nil && t.last+1 == next && allZero(seg[off+trailerLen:]) {
		return endSealed, t
	}
	if _, _, found := resync(seg, off, next); !found && tornExplains(seg, off, next) {
		return endTorn, trailer{}
	}
	return endBad, trailer{}
}

// resync finds the first good frame, or trailer, at or after off that can follow
// the records before next. first is its sequence (of a trailer: one after its
// last).
func resync(seg []byte, off int, next Seq) (at int, first Seq, found bool) {
	for tried := 0; tried < maxCandidates; off++ {
		i := bytes.Index(seg[off:], []byte("TX"))
		if i < 0 {
			break
		}
		off += i
		if f, err := parseFrameHeader(seg, off); err == nil && f.first >= next {
			tried++
			if _, err := parseFrame(seg, off); err == nil {
				return off, f.first, true
			}
		}
		if t, err := parseTrailer(seg, off); err == nil && t.last+1 >= next {
			return off, t.last + 1, true
		}
	}
	return 0, 0, false
}

// tornExplains says whether a power cut can have left the bytes at off.
func tornExplains(seg []byte, off int, next Seq) bool {
	f, err := parseFrameHeader(seg, off)
	if err == nil {
		// The header's sector is there whole, so only later sectors can be missing.
		body := f.off + frameHeaderLen
		return f.first == next && unfinished(seg, body, f.end(), roundUp(body, sectorLen))
	}
	if looksLikeTrailer(seg, off, next) && unfinished(seg, off, off+trailerLen, off) {
		return true
	}
	return unfinished(seg, off, off+frameHeaderLen, off)
}

// looksLikeTrailer tells a trailer with a flipped bit from a frame.
func looksLikeTrailer(seg []byte, off int, next Seq) bool {
	rest := seg[off:]
	if bytes.HasPrefix(rest, []byte(trailerMarker)) {
		return true
	}
	return len(rest) == trailerLen && Seq(binary.BigEndian.Uint64(rest[4:]))+1 == next
}

// unfinished looks at seg[a:b], whose last four bytes are the checksum of those
// before. It says whether a sector's share of it, from sectors on, is as empty as
// before the write, or whether the write ended early. Bytes beyond the file
// count as zero.
func unfinished(seg []byte, a, b, sectors int) bool {
	for p := sectors; p < b; {
		q := min(roundUp(p+1, sectorLen), b)
		if zeroIn(seg, p, q) && (q < b || cutExplains(seg, a, b, q-p)) {
			return true
		}
		p = q
	}
	z := b
	for z > a && zeroIn(seg, z-1, z) {
		z--
	}
	return z < b && zeroIn(seg, b, len(seg)) && cutExplains(seg, a, b, b-z)
}

// cutExplains guards against a checksum that ends in zeros by itself: when fewer
// than four bytes at the end of seg[a:b] are zero, the others must be its checksum's.
func cutExplains(seg []byte, a, b, zeros int) bool {
	if zeros >= crcLen {
		return true
	}
	if b-zeros > len(seg) {
		return false
	}
	want := binary.BigEndian.AppendUint32(nil, crc32.Checksum(seg[a:b-crcLen], castagnoli))
	written := crcLen - zeros
	return bytes.Equal(want[:written], seg[b-crcLen:b-zeros]) && !allZero(want[written:])
}

func roundUp(n, step int) int { return (n + step - 1) / step * step }

// zeroIn says whether seg[a:b] is zero, where bytes beyond seg are.
func zeroIn(seg []byte, a, b int) bool {
	b = min(b, len(seg))
	return a >= b || allZero(seg[a:b])
}

func allZero(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// contentEnd is the length of seg without the zeros at its end.
func contentEnd(seg []byte) int {
	n := len(seg)
	for n >= 8 && binary.LittleEndian.Uint64(seg[n-8:]) == 0 {
		n -= 8
	}
	for n > 0 && seg[n-1] == 0 {
		n--
	}
	return n
}
