// Package tuple is the grammar in which bodies of records are written: a
// sequence of unsigned and negative integers, byte strings and lists, each
// self-delimiting and canonical (one value, one encoding).
//
// It owns the bytes of single values and knows nothing of what they mean.
// population writes entries with it; batch walks the same bytes to put equal
// positions of many bodies side by side, without knowing their meaning either.
//
// # Format (version 1, frozen)
//
// A value starts with a head, an unsigned LEB128 number of at most nine bytes
// in its shortest form. The two low bits of the head are the type, the rest n:
//
//	0  unsigned integer n
//	1  negative integer -1-n
//	2  byte string of n bytes, which follow
//	3  list of n values, which follow
//
// A tuple is values up to the end of the bytes. Trailing zero values (the
// single byte 0x00) are cut, so absent fields at the end cost nothing; reading
// past the end yields zero values. n is at most 2^60-1.
package tuple

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Limits of the grammar. A decoder refuses what exceeds them.
const (
	MaxDepth = 6       // nesting of lists, the tuple itself not counted
	MaxList  = 1 << 12 // values in one list
	MaxInt   = 1<<60 - 1
)

// Type is the type of a value.
type Type uint8

// The types of a value; the numbers are part of the format.
const (
	Uint Type = iota
	Neg
	Bytes
	List
)

// ErrMalformed is wrapped by every error about bytes that are not a canonical
// tuple.
var ErrMalformed = errors.New("malformed tuple")

// Writer builds a tuple. The zero value is ready. It is not for concurrent use.
type Writer struct{ b []byte }

func (w *Writer) head(t Type, n uint64) {
	if n > MaxInt {
		panic("tuple: internal error: number out of range")
	}
	w.b = binary.AppendUvarint(w.b, n<<2|uint64(t))
}

// Uint appends an unsigned integer of at most MaxInt.
func (w *Writer) Uint(n uint64) { w.head(Uint, n) }

// Int appends a signed integer whose magnitude is at most MaxInt.
func (w *Writer) Int(n int64) {
	if n < 0 {
		w.head(Neg, uint64(-1-n))
		return
	}
	w.head(Uint, uint64(n))
}

// Bool appends 1 or 0.
func (w *Writer) Bool(v bool) {
	if v {
		w.head(Uint, 1)
		return
	}
	w.head(Uint, 0)
}

// Bytes appends a byte string; an empty one is written as the integer 0, so
// that "absent" has one encoding and can be cut at the end.
func (w *Writer) Bytes(b []byte) {
	if len(b) == 0 {
		w.head(Uint, 0)
		return
	}
	w.head(Bytes, uint64(len(b)))
	w.b = append(w.b, b...)
}

// String appends a string as a byte string.
func (w *Writer) String(s string) {
	if s == "" {
		w.head(Uint, 0)
		return
	}
	w.head(Bytes, uint64(len(s)))
	w.b = append(w.b, s...)
}

// List announces a list; the next n values appended are its values. An empty
// list is written as the integer 0.
func (w *Writer) List(n int) {
	if n == 0 {
		w.head(Uint, 0)
		return
	}
	w.head(List, uint64(n))
}

// Tuple returns the tuple written so far, trailing zero values cut. Every list
// announced must be complete. The Writer may go on being used; the result is its
// own copy.
//
// Only zero bytes that are values of the outermost sequence may be cut, so
// Tuple walks what was written.
func (w *Writer) Tuple() []byte {
	last := 0
	for pos := 0; pos < len(w.b); {
		start := pos
		next, err := skip(w.b, pos, 0)
		if err != nil {
			panic("tuple: internal error: " + err.Error())
		}
		pos = next
		if pos-start != 1 || w.b[start] != 0 {
			last = pos
		}
	}
	return append([]byte(nil), w.b[:last]...)
}

// Head reads the head at pos. It returns the type, the number and the position
// after the head.
func Head(b []byte, pos int) (Type, uint64, int, error) {
	if pos >= len(b) {
		return 0, 0, pos, fmt.Errorf("%w: value missing at byte %d", ErrMalformed, pos)
	}
	v, n := binary.Uvarint(b[pos:])
	if n <= 0 || n > 9 || (n > 1 && b[pos+n-1] == 0) {
		return 0, 0, pos, fmt.Errorf("%w: head at byte %d is not a shortest number", ErrMalformed, pos)
	}
	t, k := Type(v&3), v>>2
	if k > MaxInt {
		return 0, 0, pos, fmt.Errorf("%w: number at byte %d out of range", ErrMalformed, pos)
	}
	switch {
	case t == Bytes && (k == 0 || k > uint64(len(b)-pos-n)):
		return 0, 0, pos, fmt.Errorf("%w: byte string at byte %d is empty or cut", ErrMalformed, pos)
	case t == List && (k == 0 || k > MaxList || k > uint64(len(b)-pos-n)):
		return 0, 0, pos, fmt.Errorf("%w: list at byte %d is empty, too long or cut", ErrMalformed, pos)
	}
	return t, k, pos + n, nil
}

// skip returns the position after the value at pos.
func skip(b []byte, pos, depth int) (int, error) {
	t, n, pos, err := Head(b, pos)
	if err != nil {
		return pos, err
	}
	switch t {
	case Bytes:
		return pos + int(n), nil
	case List:
		if depth >= MaxDepth {
			return pos, fmt.Errorf("%w: lists nested deeper than %d", ErrMalformed, MaxDepth)
		}
		for range n {
			if pos, err = skip(b, pos, depth+1); err != nil {
				return pos, err
			}
		}
	}
	return pos, nil
}

// Check reports whether b is a canonical tuple.
func Check(b []byte) error {
	zeroTail := false
	for pos := 0; pos < len(b); {
		start := pos
		next, err := skip(b, pos, 0)
		if err != nil {
			return err
		}
		pos = next
		zeroTail = pos-start == 1 && b[start] == 0
	}
	if zeroTail {
		return fmt.Errorf("%w: trailing zero value", ErrMalformed)
	}
	return nil
}

// Reader reads a tuple. Errors stick: after the first, every read yields the
// zero value and Err tells the first cause. Reading past the end of the
// outermost sequence yields zero values without an error.
type Reader struct {
	b   []byte
	pos int
	err error
	// open lists: how many values remain in each, innermost last
	open []int
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

func (r *Reader) next() (Type, uint64, bool) {
	if r.err != nil {
		return 0, 0, false
	}
	if len(r.open) == 0 && r.pos >= len(r.b) {
		return Uint, 0, true
	}
	if k := len(r.open); k > 0 {
		if r.open[k-1] == 0 {
			r.err = fmt.Errorf("%w: read past the end of a list", ErrMalformed)
			return 0, 0, false
		}
		r.open[k-1]--
	}
	t, n, pos, err := Head(r.b, r.pos)
	if err != nil {
		r.err = err
		return 0, 0, false
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
	case t == Neg && n < math.MaxInt64:
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
	t, n, ok := r.next()
	switch {
	case !ok:
		return 0
	case t == Uint && n == 0:
		r.open = append(r.open, 0)
		return 0
	case t != List || n > uint64(max):
		r.want(fmt.Sprintf("list of at most %d values", max))
		return 0
	}
	r.open = append(r.open, int(n))
	return int(n)
}

// End closes the list opened last; values left in it are an error.
func (r *Reader) End() {
	if r.err != nil {
		return
	}
	k := len(r.open) - 1
	if k < 0 {
		panic("tuple: internal error: End without List")
	}
	if r.open[k] != 0 {
		r.want("end of list")
	}
	r.open = r.open[:k]
}

// Close ends the reading: values left over are an error. It returns Err.
func (r *Reader) Close() error {
	if r.err == nil && r.pos != len(r.b) {
		r.want("end of tuple")
	}
	return r.err
}

// Walk visits every value of b in order with its path: the index in the
// outermost sequence, then the index in each list. path is reused between
// calls. For a byte string content is its bytes. b must be canonical.
func Walk(b []byte, visit func(path []int, t Type, n uint64, content []byte) error) error {
	path := make([]int, 1, MaxDepth+1)
	for pos := 0; pos < len(b); path[0]++ {
		next, err := walk(b, pos, path, visit)
		if err != nil {
			return err
		}
		pos = next
	}
	return nil
}

func walk(b []byte, pos int, path []int, visit func([]int, Type, uint64, []byte) error) (int, error) {
	t, n, pos, err := Head(b, pos)
	if err != nil {
		return pos, err
	}
	var content []byte
	if t == Bytes {
		content = b[pos : pos+int(n)]
		pos += int(n)
	}
	if err := visit(path, t, n, content); err != nil {
		return pos, err
	}
	if t != List {
		return pos, nil
	}
	if len(path) > MaxDepth {
		return pos, fmt.Errorf("%w: lists nested deeper than %d", ErrMalformed, MaxDepth)
	}
	sub := append(path, 0)
	for i := range n {
		sub[len(sub)-1] = int(i)
		if pos, err = walk(b, pos, sub, visit); err != nil {
			return pos, err
		}
	}
	return pos, nil
}
