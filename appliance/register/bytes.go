package register

import (
	"encoding/binary"
	"fmt"

	"tramxa/appliance/population"
)

// writer and reader are the grammar of values: unsigned LEB128 numbers and
// byte strings with their length before them. Values are written by this
// package only, so there is one encoding of each.
type writer struct{ b []byte }

func (w *writer) uint(n uint64)   { w.b = binary.AppendUvarint(w.b, n) }
func (w *writer) int(n int64)     { w.b = binary.AppendVarint(w.b, n) }
func (w *writer) byte(n uint8)    { w.b = append(w.b, n) }
func (w *writer) string(s string) { w.uint(uint64(len(s))); w.b = append(w.b, s...) }

func (w *writer) bool(v bool) {
	if v {
		w.byte(1)
		return
	}
	w.byte(0)
}

func (w *writer) date(d population.Date) {
	w.uint(uint64(d.Year)<<9 | uint64(d.Month&15)<<5 | uint64(d.Day&31))
}

// id writes an id: 0 none; under the mint of the row's own entity the serial;
// else the other mint first.
func (w *writer) id(own population.Mint, id population.ID) {
	switch {
	case id == 0:
		w.uint(0)
	case id.Mint() == own:
		w.uint(uint64(id.Serial())<<1 | 1)
	default:
		w.uint((uint64(id.Mint()) + 1) << 1)
		w.uint(uint64(id.Serial()))
	}
}

type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() {
	r.err, r.b = ErrRow, nil
}

func (r *reader) uint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) int() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) byte() uint8 {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	n := r.b[0]
	r.b = r.b[1:]
	return n
}

func (r *reader) bool() bool { return r.byte() == 1 }

func (r *reader) bytes() []byte {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) string() string { return string(r.bytes()) }

// count reads the length of a list whose items take at least one byte each.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) date() population.Date {
	n := r.uint()
	return population.Date{Year: uint16(n >> 9), Month: uint8(n>>5) & 15, Day: uint8(n) & 31}
}

func (r *reader) id(own population.Mint) population.ID {
	n := r.uint()
	switch {
	case n == 0:
		return 0
	case n&1 == 1:
		return population.NewID(own, uint32(n>>1))
	}
	return population.NewID(population.Mint(n>>1-1), uint32(r.uint()))
}

// close reports what went wrong; bytes left over are damage too.
func (r *reader) close(what string) error {
	if r.err == nil && len(r.b) != 0 {
		r.fail()
	}
	if r.err != nil {
		return fmt.Errorf("%w: %s", r.err, what)
	}
	return nil
}
