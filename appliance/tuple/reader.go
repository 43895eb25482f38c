package tuple

import "fmt"

// Reader reads a tuple. Errors stick: after the first, every read yields the
// zero value and Err tells the first cause. Reading past the end of the
// outermost sequence yields zero values without an error.
type Reader struct {
	b    []byte
	pos  int
	err  error
	open []reading // lists being read, innermost last
}

// reading is a list being read.
type reading struct {
	left   int
	record bool // reading past its end yields zero values
	zero   bool // the value read last was zero
}

// NewReader checks the whole of b and returns a Reader of it. b is not copied;
// strings read from it are.
func NewReader(b []byte) *Reader {
	return &Reader{b: b, err: Check(b)}
}

// Err returns the first error met.
func (r *Reader) Err() error { return r.err }

// Fail records an error found by the caller, unless one is recorded already.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Peek returns the type and number of the value that the next read yields,
// without reading it; (Uint, 0) past the end and after an error.
func (r *Reader) Peek() (Type, uint64) {
	if r.err != nil || r.ended() {
		return Uint, 0
	}
	t, n, _, err := Head(r.b, r.pos)
	if err != nil {
		return Uint, 0
	}
	return t, n
}

// ended reports whether the innermost sequence has no values left.
func (r *Reader) ended() bool {
	if k := len(r.open); k > 0 {
		return r.open[k-1].left == 0
	}
	return r.pos >= len(r.b)
}

func (r *Reader) next() (Type, uint64, bool) {
	if r.err != nil {
		return 0, 0, false
	}
	k := len(r.open)
	if r.ended() {
		if k > 0 && !r.open[k-1].record {
			r.err = fmt.Errorf("%w: read past the end of a list", ErrMalformed)
			return 0, 0, false
		}
		return Uint, 0, true
	}
	t, n, pos, err := Head(r.b, r.pos)
	if err != nil {
		r.err = err
		return 0, 0, false
	}
	if k > 0 {
		r.open[k-1].left--
		r.open[k-1].zero = t == Uint && n == 0
	}
	r.pos = pos
	return t, n, true
}

func (r *Reader) want(what string) {
	r.Fail(fmt.Errorf("%w: %s expected before byte %d", ErrMalformed, what, r.pos))
}

// Uint reads an unsigned integer of at most max.
func (r *Reader) Uint(max uint64) uint64 {
	t, n, ok := r.next()
	if !ok {
		return 0
	}
	if t != Uint || n > max {
		r.want(fmt.Sprintf("number of at most %d", max))
		return 0
	}
	return n
}

// Int reads a signed integer.
func (r *Reader) Int() int64 {
	t, n, ok := r.next()
	switch {
	case !ok:
		return 0
	case t == Uint:
		return int64(n)
	case t == Neg:
		return -1 - int64(n)
	}
	r.want("number")
	return 0
}

// Bool reads 0 or 1.
func (r *Reader) Bool() bool { return r.Uint(1) == 1 }

// Bytes reads a byte string of at most max bytes; the result aliases the input.
func (r *Reader) Bytes(max int) []byte {
	t, n, ok := r.next()
	switch {
	case !ok, t == Uint && n == 0:
		return nil
	case t != Bytes || n > uint64(max):
		r.want(fmt.Sprintf("byte string of at most %d bytes", max))
		return nil
	}
	b := r.b[r.pos : r.pos+int(n)]
	r.pos += int(n)
	return b
}

// String reads a byte string as a string.
func (r *Reader) String(max int) string { return string(r.Bytes(max)) }

// List opens a list of at most max values and returns how many it has. The
// caller reads exactly so many values and then calls End.
func (r *Reader) List(max int) int {
	n := r.listHead(max)
	r.open = append(r.open, reading{left: n})
	return n
}

// Begin opens a record of at most max values. Reading past its end yields zero
// values; End closes it.
func (r *Reader) Begin(max int) {
	r.open = append(r.open, reading{left: r.listHead(max), record: true})
}

func (r *Reader) listHead(max int) int {
	t, n, ok := r.next()
	switch {
	case !ok, t == Uint && n == 0:
		return 0
	case t != List || n > uint64(max):
		r.want(fmt.Sprintf("list of at most %d values", max))
		return 0
	}
	return int(n)
}

// End closes the list or record opened last; values left in it, and a zero at
// the end of a record, are errors.
func (r *Reader) End() {
	k := len(r.open) - 1
	if k < 0 {
		panic("tuple: internal error: End without List or Begin")
	}
	f := r.open[k]
	r.open = r.open[:k]
	switch {
	case r.err != nil:
	case f.left != 0:
		r.want("end of list")
	case f.record && f.zero:
		r.want("record without trailing zero value")
	}
}

// Close ends the reading: values left over are an error. It returns Err.
func (r *Reader) Close() error {
	if r.err == nil && r.pos != len(r.b) {
		r.want("end of tuple")
	}
	return r.err
}
