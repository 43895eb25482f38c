package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"

	"tramxa/appliance/journal"
)

// readCheckpoint decodes a whole checkpoint, strictly, and gives its rows to row
// in order; the slices are the reader's. It returns the content hash and the
// number of rows. What row was given is worth nothing until nil is returned.
// Memory is bounded whatever r holds.
func readCheckpoint(ctx context.Context, r io.Reader, key journal.Key, accept func(CheckpointInfo) error, row func(key, value []byte) error) (journal.Hash, uint64, error) {
	sum := sha256.New()
	in := bufio.NewReaderSize(r, ckptChunk)
	b := make([]byte, ckptHeader)
	if _, err := io.ReadFull(in, b); err != nil {
		return journal.Hash{}, 0, fmt.Errorf("%w: header: %w", ErrBadCheckpoint, err)
	}
	sum.Write(b)
	head, err := parseCkptHead(b)
	if err != nil {
		return journal.Hash{}, 0, err
	}
	if err := accept(head.CheckpointInfo); err != nil {
		return journal.Hash{}, 0, err
	}
	sealer, err := newChunkSealer(head, key)
	if err != nil {
		return journal.Hash{}, 0, err
	}
	chunks := &chunkReader{ctx: ctx, r: io.TeeReader(in, sum), sealer: sealer}
	z, err := zstd.NewReader(chunks, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(ckptWindow), zstd.WithDecoderMaxMemory(64<<30))
	if err != nil {
		return journal.Hash{}, 0, err
	}
	defer z.Close()
	rr := rowReader{r: bufio.NewReaderSize(z, ckptChunk), head: head}
	content, n, err := rr.all(row)
	if err != nil {
		return journal.Hash{}, 0, err
	}
	if err := chunks.end(); err != nil {
		return journal.Hash{}, 0, err
	}
	if err := endOfFile(in, sum.Sum(nil)); err != nil {
		return journal.Hash{}, 0, err
	}
	return content, n, nil
}

// endOfFile checks the trailer and that nothing follows it.
func endOfFile(in io.Reader, want []byte) error {
	rest, err := io.ReadAll(io.LimitReader(in, sha256.Size+1))
	if err != nil {
		return err
	}
	if !bytes.Equal(rest, want) {
		return fmt.Errorf("%w: file hash", ErrBadCheckpoint)
	}
	return nil
}

// chunkReader opens the chunks one by one; io.EOF after the one that says it is
// the last.
type chunkReader struct {
	ctx    context.Context
	r      io.Reader
	sealer *chunkSealer
	box    []byte
	plain  []byte
	last   bool
}

func (c *chunkReader) Read(p []byte) (int, error) {
	for len(c.plain) == 0 {
		if c.last {
			return 0, io.EOF
		}
		if err := c.chunk(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.plain)
	c.plain = c.plain[n:]
	return n, nil
}

func (c *chunkReader) chunk() error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	var size [4]byte
	if _, err := io.ReadFull(c.r, size[:]); err != nil {
		return fmt.Errorf("%w: chunk %d: %w", ErrBadCheckpoint, c.sealer.next, noEOF(err))
	}
	n := binary.BigEndian.Uint32(size[:])
	c.last = n&ckptLast != 0
	n &^= ckptLast
	if n < ckptTag || n > ckptChunk+ckptTag || !c.last && n != ckptChunk+ckptTag {
		return fmt.Errorf("%w: chunk %d has %d bytes", ErrBadCheckpoint, c.sealer.next, n)
	}
	c.box = append(c.box[:0], make([]byte, n)...)
	if _, err := io.ReadFull(c.r, c.box); err != nil {
		return fmt.Errorf("%w: chunk %d: %w", ErrBadCheckpoint, c.sealer.next, noEOF(err))
	}
	var err error
	c.plain, err = c.sealer.open(c.box, c.last)
	return err
}

// end checks that the stream was read to its end and that the last chunk is.
func (c *chunkReader) end() error {
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return fmt.Errorf("%w: bytes after the rows", ErrBadCheckpoint)
	}
	return nil
}

// rowReader decodes the plain stream.
type rowReader struct {
	r    *bufio.Reader
	head ckptHead
}

func (rr *rowReader) all(row func(key, value []byte) error) (journal.Hash, uint64, error) {
	w := rowWriter{w: io.Discard, content: rr.head.content()} // checks order and hashes, as when written
	var key, value []byte
	for {
		n, err := rr.length(maxRowKey)
		if err != nil {
			return journal.Hash{}, 0, err
		}
		if n == 0 {
			break
		}
		if key, err = rr.bytes(key, n); err != nil {
			return journal.Hash{}, 0, err
		}
		if n, err = rr.length(maxRowValue); err != nil {
			return journal.Hash{}, 0, err
		}
		if value, err = rr.bytes(value, n); err != nil {
			return journal.Hash{}, 0, err
		}
		if err := w.row(key, value); err != nil {
			return journal.Hash{}, 0, fmt.Errorf("%w: %w", ErrBadCheckpoint, err)
		}
		if err := row(key, value); err != nil {
			return journal.Hash{}, 0, err
		}
	}
	return rr.end(&w)
}

func (rr *rowReader) end(w *rowWriter) (journal.Hash, uint64, error) {
	n, err := rr.length(math.MaxInt64)
	if err != nil {
		return journal.Hash{}, 0, err
	}
	stated, err := rr.bytes(nil, uint64(len(journal.Hash{})))
	if err != nil {
		return journal.Hash{}, 0, err
	}
	content := journal.Hash(w.content.Sum(nil))
	if n != w.n || !bytes.Equal(stated, content[:]) {
		return journal.Hash{}, 0, fmt.Errorf("%w: content hash", ErrBadCheckpoint)
	}
	if _, err := rr.r.ReadByte(); !errors.Is(err, io.EOF) {
		if err != nil {
			return journal.Hash{}, 0, rr.fail(err)
		}
		return journal.Hash{}, 0, fmt.Errorf("%w: bytes after the rows", ErrBadCheckpoint)
	}
	return content, w.n, nil
}

func (rr *rowReader) length(most uint64) (uint64, error) {
	n, err := binary.ReadUvarint(rr.r)
	if err != nil {
		return 0, rr.fail(err)
	}
	if n > most {
		return 0, fmt.Errorf("%w: length %d in a row", ErrBadCheckpoint, n)
	}
	return n, nil
}

func (rr *rowReader) bytes(b []byte, n uint64) ([]byte, error) {
	b = append(b[:0], make([]byte, n)...)
	if _, err := io.ReadFull(rr.r, b); err != nil {
		return nil, rr.fail(err)
	}
	return b, nil
}

// fail names the file as the cause unless the reading itself was stopped.
func (rr *rowReader) fail(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrBadCheckpoint) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrBadCheckpoint, noEOF(err))
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
