package hubcopy

import (
	"bufio"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// chunkSize is the plain size of every chunk but the last.
const chunkSize = 64 << 10

// nonce of a chunk; the last one has its own, so that a copy cut at a chunk's end
// is found.
func nonce(n uint64, last bool) []byte {
	b := make([]byte, 12)
	binary.BigEndian.PutUint64(b[3:], n)
	if last {
		b[11] = 1
	}
	return b
}

// sealer writes what it is given in sealed chunks. Close writes the last one and
// leaves the writer below open.
type sealer struct {
	to  io.Writer
	box cipher.AEAD
	n   uint64
	buf []byte
	out []byte
}

func (s *sealer) Write(p []byte) (int, error) {
	taken := len(p)
	for len(p) > 0 {
		if len(s.buf) == chunkSize { // there is more, so it is not the last
			if err := s.flush(false); err != nil {
				return taken - len(p), err
			}
		}
		n := min(chunkSize-len(s.buf), len(p))
		s.buf = append(s.buf, p[:n]...)
		p = p[n:]
	}
	return taken, nil
}

func (s *sealer) flush(last bool) error {
	s.out = s.box.Seal(s.out[:0], nonce(s.n, last), s.buf, nil)
	s.n++
	s.buf = s.buf[:0]
	_, err := s.to.Write(s.out)
	return err
}

func (s *sealer) Close() error {
	if len(s.buf) == 0 {
		return errors.New("hubcopy: internal error: nothing to seal")
	}
	return s.flush(true)
}

// opener reads what sealer wrote. It gives out only what is authentic, and io.EOF
// only behind the last chunk.
type opener struct {
	from  *bufio.Reader
	box   cipher.AEAD
	n     uint64
	chunk []byte // still to be given out
	in    []byte
	err   error
}

func newOpener(from io.Reader, box cipher.AEAD) *opener {
	return &opener{from: bufio.NewReaderSize(from, 256<<10), box: box, in: make([]byte, chunkSize+box.Overhead())}
}

func (o *opener) Read(p []byte) (int, error) {
	for len(o.chunk) == 0 {
		if o.err != nil {
			return 0, o.err
		}
		o.next()
	}
	n := copy(p, o.chunk)
	o.chunk = o.chunk[n:]
	return n, nil
}

// next opens the next chunk and notes in err what follows it.
func (o *opener) next() {
	n, err := io.ReadFull(o.from, o.in)
	last := false
	switch {
	case err == nil:
		_, err = o.from.Peek(1)
		last = errors.Is(err, io.EOF)
	case errors.Is(err, io.ErrUnexpectedEOF):
		last, err = true, nil
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("%w: cut short", ErrDamaged)
	}
	if err != nil && !last {
		o.err = err
		return
	}
	o.chunk, err = o.box.Open(o.in[:0], nonce(o.n, last), o.in[:n], nil)
	if err != nil || len(o.chunk) == 0 {
		o.chunk, o.err = nil, fmt.Errorf("%w: chunk %d does not open", ErrDamaged, o.n)
		return
	}
	o.n++
	if last {
		o.err = io.EOF
	}
}
