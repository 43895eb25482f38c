package tuple

import (
	"encoding/binary"
	"errors"
	"fmt"
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
