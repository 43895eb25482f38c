package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"tramxa/appliance/journal"
)

// rowSource gives the rows of a register in the order of their keys.
type rowSource func(row func(key, value []byte) error) error

// writeCheckpoint writes a checkpoint to w and returns its content hash and the
// number of rows. Memory does not grow with the register.
func writeCheckpoint(w io.Writer, info CheckpointInfo, key journal.Key, salt [ckptSalt]byte, rows rowSource) (journal.Hash, uint64, error) {
	head := ckptHead{CheckpointInfo: info, keyID: key.ID, salt: salt}
	sealer, err := newChunkSealer(head, key)
	if err != nil {
		return journal.Hash{}, 0, err
	}
	sum := sha256.New()
	out := io.MultiWriter(w, sum)
	if _, err := out.Write(head.marshal()); err != nil {
		return journal.Hash{}, 0, err
	}
	chunks := &chunkWriter{w: out, sealer: sealer, buf: make([]byte, 0, ckptChunk)}
	z, err := zstd.NewWriter(chunks, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(ckptWindow), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return journal.Hash{}, 0, err
	}
	rw := &rowWriter{w: z, content: head.content()}
	err = rows(rw.row)
	if err == nil {
		err = rw.end()
	}
	if err = errors.Join(err, z.Close()); err == nil {
		err = chunks.close()
	}
	if err == nil {
		_, err = w.Write(sum.Sum(nil))
	}
	if err != nil {
		return journal.Hash{}, 0, err
	}
	return journal.Hash(rw.content.Sum(nil)), rw.n, nil
}

// rowWriter writes rows and the end of the plain stream.
type rowWriter struct {
	w       io.Writer
	content hash.Hash
	buf     []byte
	last    []byte
	n       uint64
}

func (r *rowWriter) row(key, value []byte) error {
	switch {
	case len(key) == 0 || len(key) > maxRowKey || len(value) > maxRowValue:
		return fmt.Errorf("row with a key of %d and a value of %d bytes does not fit a checkpoint", len(key), len(value))
	case r.n > 0 && bytes.Compare(key, r.last) <= 0:
		return errors.New("rows of a checkpoint are not in order")
	}
	r.last = append(r.last[:0], key...)
	b := binary.AppendUvarint(r.buf[:0], uint64(len(key)))
	b = append(b, key...)
	b = binary.AppendUvarint(b, uint64(len(value)))
	b = append(b, value...)
	r.buf = b
	r.n++
	r.content.Write(b)
	_, err := r.w.Write(b)
	return err
}

func (r *rowWriter) end() error {
	b := binary.AppendUvarint([]byte{0}, r.n)
	_, err := r.w.Write(r.content.Sum(b))
	return err
}

// chunkWriter cuts a stream into sealed chunks. A full buffer is kept until more
// comes, so that the last chunk can say that it is.
type chunkWriter struct {
	w      io.Writer
	sealer *chunkSealer
	buf    []byte // at most ckptChunk
	box    []byte
}

func (c *chunkWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if len(c.buf) == ckptChunk {
			if err := c.flush(false); err != nil {
				return 0, err
			}
		}
		m := min(len(p), ckptChunk-len(c.buf))
		c.buf = append(c.buf, p[:m]...)
		p = p[m:]
	}
	return n, nil
}

func (c *chunkWriter) close() error { return c.flush(true) }

func (c *chunkWriter) flush(last bool) error {
	size := uint32(len(c.buf) + ckptTag)
	if last {
		size |= ckptLast
	}
	c.box = binary.BigEndian.AppendUint32(c.box[:0], size)
	c.box = c.sealer.seal(c.box, c.buf, last)
	c.buf = c.buf[:0]
	_, err := c.w.Write(c.box)
	return err
}

// saveCheckpoint writes a checkpoint file: beside, synced, renamed, directory
// synced. After a power cut the file is whole or not there. After an error nothing
// is left beside, where the system lets it go; else sweepCheckpoints gets it.
func saveCheckpoint(fsys journal.FS, name string, write func(io.Writer) error) error {
	temp := name + journal.TempSuffix
	f, err := fsys.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fsys.Rename(temp, name)
	}
	if err != nil {
		_ = fsys.Remove(temp) // the first error is the one to tell
		return err
	}
	return syncParent(fsys, name)
}

// sweepCheckpoints removes what an interrupted or failed writing of a checkpoint
// left. It is worth nothing and may be as large as a checkpoint. One that cannot be
// removed, as while a virus scanner holds it, is left to the next time. Nobody may
// be writing a checkpoint.
func sweepCheckpoints(fsys journal.FS, dir string) {
	folder := filepath.Join(dir, ckptName)
	names, _ := fsys.ReadDir(folder) // whether it can be read shows when it matters
	for _, name := range names {
		if strings.HasSuffix(name, journal.TempSuffix) {
			_ = fsys.Remove(filepath.Join(folder, name)) // tried again before the next checkpoint
		}
	}
}
