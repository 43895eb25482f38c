package fsm

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/hashicorp/raft"
	"github.com/klauspost/compress/zstd"
)

// Snapshot stream, version 1, frozen; numbers big-endian:
//
//	magic "TXS1" · version u8 (1) · index u64 · term u64 · fold version u32
//	CRC32C u32 of all before
//	frames: packed length u32 (>0) · raw length u32 · packed, one zstd frame
//	        CRC32C u32 of the packed bytes
//	end:    0 u32 · rows u64 · SHA-256 of header and all raw bytes
//
// The raw bytes of a frame are whole rows in ascending key order, frame after
// frame: key length u16 · value length u32 · key · value. Rows of the node
// itself are left out. Nothing follows the end.
const (
	snapshotMagic   = "TXS1"
	snapshotVersion = 1
	snapshotHeader  = 4 + 1 + 8 + 8 + 4 + crcLen
	frameRaw        = 1 << 20 // a frame is closed once it holds so many raw bytes
	maxRow          = 2 << 20 // no row is larger: a batch, or a register row of 500 entities
	maxFrame        = frameRaw + maxRow
	rowHead         = 2 + 4
)

// ErrSnapshot is wrapped by every error about bytes that are not a snapshot.
var ErrSnapshot = errors.New("malformed snapshot")

// Header is what a snapshot states of itself. Index is the newest command in
// it, which may be below the index raft gives the snapshot.
type Header struct {
	Index, Term uint64
	Fold        uint32
}

func (h Header) encode() []byte {
	b := append([]byte(snapshotMagic), snapshotVersion)
	b = be64(be64(b, h.Index), h.Term)
	b = be32(b, h.Fold)
	return be32(b, crc32.Checksum(b, castagnoli))
}

// ReadHeader reads the header at the start of a snapshot.
func ReadHeader(r io.Reader) (Header, error) {
	h, _, err := readHeader(r)
	return h, err
}

func readHeader(r io.Reader) (Header, []byte, error) {
	b := make([]byte, snapshotHeader)
	if _, err := io.ReadFull(r, b); err != nil {
		return Header{}, nil, fmt.Errorf("%w: header: %w", ErrSnapshot, err)
	}
	body := b[:snapshotHeader-crcLen]
	if string(b[:4]) != snapshotMagic || crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(b[len(body):]) {
		return Header{}, nil, fmt.Errorf("%w: header", ErrSnapshot)
	}
	if b[4] != snapshotVersion {
		return Header{}, nil, fmt.Errorf("%w: snapshot version %d", ErrNewer, b[4])
	}
	return Header{Index: binary.BigEndian.Uint64(b[5:]), Term: binary.BigEndian.Uint64(b[13:]), Fold: binary.BigEndian.Uint32(b[21:])}, b, nil
}

// Snapshot pins the state as it is; Persist writes it out while Apply goes on.
func (f *FSM) Snapshot() (raft.FSMSnapshot, error) {
	if err := f.Err(); err != nil {
		return nil, err
	}
	p, err := f.pin()
	if err != nil {
		return nil, err
	}
	return snapshot{p}, nil
}

type snapshot struct{ *pinned }

func (s snapshot) Release() { s.release() }

func (s snapshot) Persist(sink raft.SnapshotSink) error {
	if err := s.WriteSnapshot(sink); err != nil {
		return errors.Join(err, sink.Cancel())
	}
	return sink.Close()
}

// WriteSnapshot writes the state as a snapshot stream: what raft sends to a node that
// is far behind, and what is kept as a backup.
func (v *View) WriteSnapshot(to io.Writer) error {
	fold, err := v.Fold()
	if err != nil {
		return err
	}
	w, err := newSnapshotWriter(to, Header{Index: v.at.Index, Term: v.at.Term, Fold: fold})
	if err != nil {
		return err
	}
	for _, space := range []byte{spaceRegister, spaceState} {
		if err := v.each([]byte{space}, true, w.row); err != nil {
			return err
		}
	}
	return w.end()
}

type snapshotWriter struct {
	to          *bufio.Writer
	sum         hash.Hash
	zip         *zstd.Encoder
	raw, packed []byte
	rows        uint64
}

func newSnapshotWriter(to io.Writer, h Header) (*snapshotWriter, error) {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(frameRaw))
	if err != nil {
		return nil, err
	}
	w := &snapshotWriter{to: bufio.NewWriterSize(to, 256<<10), sum: sha256.New(), zip: zip}
	head := h.encode()
	w.sum.Write(head)
	_, err = w.to.Write(head)
	return w, err
}

func (w *snapshotWriter) row(key, value []byte) error {
	if rowHead+len(key)+len(value) > maxRow {
		return fmt.Errorf("a row of %d bytes does not fit in a snapshot", len(value))
	}
	w.raw = binary.BigEndian.AppendUint16(w.raw, uint16(len(key)))
	w.raw = be32(w.raw, uint32(len(value)))
	w.raw = append(append(w.raw, key...), value...)
	w.rows++
	if len(w.raw) >= frameRaw {
		return w.frame()
	}
	return nil
}

func (w *snapshotWriter) frame() error {
	if len(w.raw) == 0 {
		return nil
	}
	w.sum.Write(w.raw)
	w.packed = w.zip.EncodeAll(w.raw, w.packed[:0])
	head := be32(be32(nil, uint32(len(w.packed))), uint32(len(w.raw)))
	w.raw = w.raw[:0]
	for _, b := range [][]byte{head, w.packed, be32(nil, crc32.Checksum(w.packed, castagnoli))} {
		if _, err := w.to.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func (w *snapshotWriter) end() error {
	if err := w.frame(); err != nil {
		return err
	}
	if _, err := w.to.Write(w.sum.Sum(be64(be32(nil, uint32(0)), w.rows))); err != nil {
		return err
	}
	return w.to.Flush()
}

// readSnapshot calls row for every row in order and verifies everything; what
// row got is only to be believed when readSnapshot returned nil. key and value
// are good only during the call. Memory stays under maxFrame and a window.
func readSnapshot(from io.Reader, row func(key, value []byte) error) (Header, error) {
	r := bufio.NewReaderSize(from, 256<<10)
	h, head, err := readHeader(r)
	if err != nil {
		return h, err
	}
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxFrame), zstd.WithDecoderMaxWindow(frameRaw<<1))
	if err != nil {
		return h, err
	}
	defer unzip.Close()
	s := &snapshotReader{r: r, unzip: unzip, sum: sha256.New()}
	s.sum.Write(head)
	for {
		more, err := s.frame(row)
		if err != nil {
			return h, fmt.Errorf("%w: %w", ErrSnapshot, err)
		}
		if !more {
			return h, nil
		}
	}
}

type snapshotReader struct {
	r           io.Reader
	unzip       *zstd.Decoder
	sum         hash.Hash
	packed, raw []byte
	last        []byte // key
	rows        uint64
}

// frame reads one frame; false after the end.
func (s *snapshotReader) frame(row func(key, value []byte) error) (bool, error) {
	var n [8]byte
	if _, err := io.ReadFull(s.r, n[:4]); err != nil {
		return false, err
	}
	packed := binary.BigEndian.Uint32(n[:])
	if packed == 0 {
		return false, s.end()
	}
	if _, err := io.ReadFull(s.r, n[4:]); err != nil {
		return false, err
	}
	raw := binary.BigEndian.Uint32(n[4:])
	if raw == 0 || raw > maxFrame || packed > maxFrame+maxFrame/128+64 {
		return false, errors.New("frame over its limits")
	}
	if cap(s.packed) < int(packed)+crcLen {
		s.packed = make([]byte, packed+crcLen)
	}
	s.packed = s.packed[:packed+crcLen]
	if _, err := io.ReadFull(s.r, s.packed); err != nil {
		return false, err
	}
	body := s.packed[:packed]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(s.packed[packed:]) {
		return false, errors.New("checksum of a frame")
	}
	var err error
	if s.raw, err = s.unzip.DecodeAll(body, s.raw[:0]); err != nil {
		return false, err
	}
	if len(s.raw) != int(raw) {
		return false, errors.New("length of a frame")
	}
	s.sum.Write(s.raw)
	return true, s.split(row)
}

func (s *snapshotReader) split(row func(key, value []byte) error) error {
	for b := s.raw; len(b) > 0; {
		if len(b) < rowHead {
			return errors.New("row cut short")
		}
		k, v := int(binary.BigEndian.Uint16(b)), int(binary.BigEndian.Uint32(b[2:]))
		b = b[rowHead:]
		if k < 2 || k > len(b) || v > len(b)-k {
			return errors.New("row cut short")
		}
		key, value := b[:k], b[k:k+v]
		b = b[k+v:]
		if key[0] != spaceRegister && key[0] != spaceState || string(key) <= string(s.last) {
			return errors.New("row out of place")
		}
		s.last = append(s.last[:0], key...)
		s.rows++
		if err := row(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *snapshotReader) end() error {
	tail := make([]byte, 8+sha256.Size)
	if _, err := io.ReadFull(s.r, tail); err != nil {
		return err
	}
	if binary.BigEndian.Uint64(tail) != s.rows || string(tail[8:]) != string(s.sum.Sum(nil)) {
		return errors.New("rows or hash at the end")
	}
	if n, err := s.r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return errors.New("bytes after the end")
	}
	return nil
}

// PeekHeader returns the header and a reader of the whole stream, header again.
func PeekHeader(from io.Reader) (Header, io.Reader, error) {
	r := bufio.NewReaderSize(from, 256<<10)
	b, err := r.Peek(snapshotHeader)
	if err != nil {
		return Header{}, nil, fmt.Errorf("%w: header: %w", ErrSnapshot, err)
	}
	h, err := ReadHeader(bytes.NewReader(b))
	return h, r, err
}
