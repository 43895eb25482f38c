package tuple

import "encoding/binary"

// Writer builds a tuple. The zero value is ready. It is not for concurrent use.
// Writing what the grammar cannot hold (a number above MaxInt, lists nested too
// deep or too long, an unfinished list) is a programming error and panics.
type Writer struct {
	b    []byte
	root frame
	open []frame // lists not yet complete, innermost last
}

// frame counts the values of one sequence.
type frame struct {
	start int // where its values begin
	want  int // values announced by List; -1 for a record
	n     int // values so far
	kept  int // values up to the last one that is not zero …
	keep  int // … and where that one ends
}

func (w *Writer) top() *frame {
	if k := len(w.open); k > 0 {
		return &w.open[k-1]
	}
	return &w.root
}

// done counts the value just written and closes the lists it completes.
func (w *Writer) done(zero bool) {
	for {
		f := w.top()
		f.n++
		if !zero {
			f.kept, f.keep = f.n, len(w.b)
		}
		if len(w.open) == 0 || f.want < 0 || f.n < f.want {
			return
		}
		w.open = w.open[:len(w.open)-1]
		zero = false
	}
}

func (w *Writer) push(want int) {
	if len(w.open) >= MaxDepth || want > MaxList {
		panic("tuple: internal error: lists too deep or too long")
	}
	w.open = append(w.open, frame{start: len(w.b), keep: len(w.b), want: want})
}

func (w *Writer) head(t Type, n uint64) {
	if n > MaxInt {
		panic("tuple: internal error: number out of range")
	}
	w.b = binary.AppendUvarint(w.b, n<<2|uint64(t))
}

// Uint appends an unsigned integer of at most MaxInt.
func (w *Writer) Uint(n uint64) {
	w.head(Uint, n)
	w.done(n == 0)
}

// Int appends a signed integer whose magnitude is at most MaxInt.
func (w *Writer) Int(n int64) {
	if n >= 0 {
		w.Uint(uint64(n))
		return
	}
	w.head(Neg, uint64(-1-n))
	w.done(false)
}

// Bool appends 1 or 0.
func (w *Writer) Bool(v bool) {
	if v {
		w.Uint(1)
		return
	}
	w.Uint(0)
}

// Bytes appends a byte string; an empty one is written as the integer 0, so
// that "absent" has one encoding and can be cut at the end.
func (w *Writer) Bytes(b []byte) {
	if len(b) == 0 {
		w.Uint(0)
		return
	}
	w.head(Bytes, uint64(len(b)))
	w.b = append(w.b, b...)
	w.done(false)
}

// String appends a string as a byte string.
func (w *Writer) String(s string) {
	if s == "" {
		w.Uint(0)
		return
	}
	w.head(Bytes, uint64(len(s)))
	w.b = append(w.b, s...)
	w.done(false)
}

// List announces a list; the next n values appended are its values. An empty
// list is written as the integer 0.
func (w *Writer) List(n int) {
	if n == 0 {
		w.Uint(0)
		return
	}
	w.head(List, uint64(n))
	w.push(n)
}

// Begin opens a record: the values up to the matching End are a list whose
// trailing zero values are cut.
func (w *Writer) Begin() { w.push(-1) }

// End closes the record opened last.
func (w *Writer) End() {
	k := len(w.open) - 1
	if k < 0 || w.open[k].want >= 0 {
		panic("tuple: internal error: End without Begin")
	}
	f := w.open[k]
	w.open = w.open[:k]
	if f.kept == 0 {
		w.b = w.b[:f.start]
		w.Uint(0)
		return
	}
	if f.kept > MaxList {
		panic("tuple: internal error: lists too deep or too long")
	}
	var h [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(h[:], uint64(f.kept)<<2|uint64(List))
	w.b = append(w.b[:f.keep], h[:n]...) // makes room; the bytes are moved below
	copy(w.b[f.start+n:], w.b[f.start:f.keep])
	copy(w.b[f.start:], h[:n])
	w.done(false)
}

// Tuple returns a copy of the tuple written so far, trailing zero values cut.
// The Writer may go on being used.
func (w *Writer) Tuple() []byte {
	if len(w.open) > 0 {
		panic("tuple: internal error: list not complete")
	}
	return append([]byte(nil), w.b[:w.root.keep]...)
}
