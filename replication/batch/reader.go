package batch

import "encoding/binary"

// reader reads from b; after the first fault bad stays true and every read
// gives zero.
type reader struct {
	b   []byte
	pos int
	bad bool
}

// uvarint reads an unsigned LEB128 number in its shortest form, at most max.
func (r *reader) uvarint(max uint64) uint64 {
	if r.bad {
		return 0
	}
	v, n := binary.Uvarint(r.b[r.pos:])
	if n <= 0 || v > max || (n > 1 && r.b[r.pos+n-1] == 0) {
		r.bad = true
		return 0
	}
	r.pos += n
	return v
}

// take returns the next n bytes, aliasing b.
func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b)-r.pos {
		r.bad = true
		return nil
	}
	b := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

// done reports whether everything was read without a fault.
func (r *reader) done() bool { return !r.bad && r.pos == len(r.b) }
