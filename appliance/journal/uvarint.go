package journal

import "encoding/binary"

// uvarint reads an unsigned LEB128 number in its shortest form from the start of
// b. ok is false when b is too short, the number too large or the form longer
// than needed: one value has one encoding.
func uvarint(b []byte) (v uint64, n int, ok bool) {
	v, n = binary.Uvarint(b)
	if n <= 0 || (n > 1 && b[n-1] == 0) {
		return 0, 0, false
	}
	return v, n, true
}

// zigzag maps small negative and positive numbers to small unsigned ones.
func zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }
