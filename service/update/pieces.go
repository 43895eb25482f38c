package update

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// A part of encoding zstd-pieces carries a large file, the root of an image, as
// pieces, each of which starts from the same region of the older file. What has
// not changed has moved little, and neither side ever holds the whole:
//
//	uint64  where the region of the older file begins
//	uint32  its length
//	uint32  length of the piece
//	uint32  length of the frame
//	        the frame: the piece, zstd, with the region as raw dictionary
//
// and again, up to the end. Integers are little-endian.
const (
	pieceSize = 8 << 20
	pieceHead = 20
	maxRegion = 3 * pieceSize
	maxFrame  = pieceSize + pieceSize/64
)

// packPieces writes the patch from old to file, in pieces of step bytes, at most
// pieceSize, each from a region three times as long.
func packPieces(w io.Writer, old io.ReaderAt, oldSize int64, file io.ReaderAt, size, step int64) error {
	for off := int64(0); off < size; off += step {
		from := max(0, min(off-step, oldSize-1))
		region := make([]byte, max(0, min(3*step, oldSize-from)))
		piece := make([]byte, min(step, size-off))
		if err := errors.Join(readRange(old, region, from), readRange(file, piece, off)); err != nil {
			return err
		}
		frame, err := packPatch(region, piece)
		if err != nil {
			return err
		}
		head := binary.LittleEndian.AppendUint64(nil, uint64(from))
		for _, n := range []int{len(region), len(piece), len(frame)} {
			head = binary.LittleEndian.AppendUint32(head, uint32(n))
		}
		if _, err := w.Write(append(head, frame...)); err != nil {
			return err
		}
	}
	return nil
}

// readRange fills p from off.
func readRange(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// unpackPieces is unpack for parts in pieces. It takes some 60 MB of memory. old
// may hold other bytes than the part was made from: the result is verified.
func unpackPieces(w io.Writer, part io.Reader, p Packing, old io.ReaderAt, f ManifestFile) error {
	carried, sum := sha256.New(), sha256.New()
	counted := &counter{r: io.TeeReader(part, carried)}
	in := io.LimitReader(counted, p.Size)
	var done int64
	for done < f.Size {
		piece, err := unpackPiece(in, old, f.Size-done)
		if counted.err != nil {
			return &SourceError{counted.err}
		}
		if err != nil {
			return fmt.Errorf("%w: part %s, at %d: %w", ErrFormat, p.SHA256.Short(), done, err)
		}
		if _, err := io.MultiWriter(w, sum).Write(piece); err != nil {
			return err
		}
		done += int64(len(piece))
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return &SourceError{err}
	}
	if Hash(carried.Sum(nil)) != p.SHA256 || counted.n != p.Size {
		return fmt.Errorf("%w: part %s was altered", ErrFormat, p.SHA256.Short())
	}
	if Hash(sum.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("%w: part %s does not give the file that was signed", ErrFormat, p.SHA256.Short())
	}
	return nil
}

// unpackPiece reads and decodes one piece of at most left bytes.
func unpackPiece(in io.Reader, old io.ReaderAt, left int64) ([]byte, error) {
	head := make([]byte, pieceHead)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	from := binary.LittleEndian.Uint64(head)
	n := [3]uint32{}
	for i := range n {
		n[i] = binary.LittleEndian.Uint32(head[8+4*i:])
	}
	if from > maxFileSize || n[0] > maxRegion || n[1] < 1 || n[1] > pieceSize || int64(n[1]) > left || n[2] > maxFrame {
		return nil, fmt.Errorf("a piece of %d bytes from %d at %d in %d", n[1], n[0], from, n[2])
	}
	region := make([]byte, n[0])
	if err := readRange(old, region, int64(from)); err != nil {
		return nil, fmt.Errorf("the older file: %w", err)
	}
	var frame bytes.Buffer
	if _, err := io.CopyN(&frame, in, int64(n[2])); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow/2),
		zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderDictRaw(dictionaryID, region))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	piece, err := dec.DecodeAll(frame.Bytes(), make([]byte, 0, n[1]))
	if err == nil && len(piece) != int(n[1]) {
		err = fmt.Errorf("a piece of %d bytes gives %d", n[1], len(piece))
	}
	return piece, err
}
