package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// ErrMalformed is wrapped by every error about bytes no version of this package
// writes.
var ErrMalformed = errors.New("malformed link message")

// writer appends the parts of a message.
type writer struct{ b []byte }

func (w *writer) u8(v uint8)       { w.b = append(w.b, v) }
func (w *writer) uvarint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) bytes(b []byte)   { w.b = append(w.b, b...) }

func (w *writer) str(s string) {
	w.uvarint(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *writer) names(names []string) {
	w.uvarint(uint64(len(names)))
	for _, n := range names {
		w.str(n)
	}
}

// reader reads the parts of a message; after the first fault bad stays true and
// every read gives zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) must(ok bool) { r.bad = r.bad || !ok }

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// uvarint reads an unsigned LEB128 number in its shortest form, at most max.
func (r *reader) uvarint(max uint64) uint64 {
	if r.bad {
		return 0
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > max || (n > 1 && r.b[n-1] == 0) {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.b) {
		r.bad = true
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) str(max int) string {
	s := r.take(int(r.uvarint(uint64(max))))
	for _, c := range s {
		r.must(c >= 0x20 && c < 0x7f) // names, versions and addresses are printable ASCII
	}
	return string(s)
}

func (r *reader) names() (names []string) {
	for range r.uvarint(maxNames) {
		names = append(names, r.str(maxName))
	}
	return names
}

// millis reads a duration of at most a day.
func (r *reader) millis() time.Duration {
	return time.Duration(r.uvarint(uint64(24*time.Hour/time.Millisecond))) * time.Millisecond
}

func (r *reader) end(what string) error {
	if r.bad || len(r.b) > 0 {
		return fmt.Errorf("%w: %s", ErrMalformed, what)
	}
	return nil
}

func bit(v bool, bit uint8) uint8 {
	if v {
		return bit
	}
	return 0
}

func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }
