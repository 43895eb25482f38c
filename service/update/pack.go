package update

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxWindow bounds the memory of decoding a part, in bytes. A patch needs a
	// window over the old file and the new one together.
	maxWindow = 128 << 20
	// maxDictionary is the largest file that a patch may start from.
	maxDictionary = 60 << 20
	// dictionaryID is 0, the number that 'zstd --patch-from' writes too.
	dictionaryID = 0
)

// packWhole compresses a file. The same bytes in give the same bytes out, on
// every machine: one goroutine, no timing.
func packWhole(w io.Writer, r io.Reader) error {
	enc, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBestCompression),
		zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err != nil {
		return err
	}
	if _, err := io.Copy(enc, r); err != nil {
		return errors.Join(err, enc.Close())
	}
	return enc.Close()
}

// packPatch compresses file with old as dictionary.
func packPatch(old, file []byte) ([]byte, error) {
	if len(old) > maxDictionary || len(file) > maxDictionary {
		return nil, fmt.Errorf("a patch from %d to %d bytes is too large; at most %d each", len(old), len(file), maxDictionary)
	}
	window := 1 << 20
	for window < len(old)+len(file) {
		window <<= 1
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderDictRaw(dictionaryID, old), zstd.WithWindowSize(window))
	if err != nil {
		return nil, err
	}
	defer enc.Close()
	return enc.EncodeAll(file, nil), nil
}

// unpack writes the file that a part carries, and verifies part and file: the
// bytes written count only when it returned nil. old is the file that a patch
// starts from, nil for a whole one; it is not verified, the result is.
func unpack(w io.Writer, part io.Reader, p Packing, old []byte, f ManifestFile) error {
	opts := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true)}
	if p.Encoding == EncodingPatch {
		if len(old) > maxDictionary {
			return fmt.Errorf("the file to patch has %d bytes, at most %d", len(old), maxDictionary)
		}
		opts = append(opts, zstd.WithDecoderDictRaw(dictionaryID, old))
	}
	carried := sha256.New()
	counted := &counter{r: io.TeeReader(part, carried)}
	dec, err := zstd.NewReader(io.LimitReader(counted, p.Size), opts...)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	defer dec.Close()
	sum := sha256.New()
	n, err := io.CopyBuffer(onlyWriter{io.MultiWriter(w, sum)}, io.LimitReader(onlyReader{dec}, f.Size+1), make([]byte, 256<<10))
	switch {
	case counted.err != nil:
		return &SourceError{counted.err}
	case counted.ended && counted.n < p.Size:
		return &SourceError{io.ErrUnexpectedEOF}
	case isPackError(err):
		return fmt.Errorf("%w: part %s: %w", ErrFormat, p.SHA256.Short(), err)
	case err != nil:
		return err // of w
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(counted, p.Size-counted.n)); err != nil {
		return &SourceError{err}
	}
	if counted.n < p.Size {
		return &SourceError{io.ErrUnexpectedEOF}
	}
	var got Hash
	if carried.Sum(got[:0]); got != p.SHA256 {
		return fmt.Errorf("%w: part %s was altered", ErrFormat, p.SHA256.Short())
	}
	if sum.Sum(got[:0]); n != f.Size || got != f.SHA256 {
		return fmt.Errorf("%w: part %s does not give the file that was signed", ErrFormat, p.SHA256.Short())
	}
	return nil
}

// SourceError is an error of reading the parts: a stick that was pulled, a file
// that is cut short.
type SourceError struct{ Err error }

func (e *SourceError) Error() string { return "the source cannot be read to its end: " + e.Err.Error() }
func (e *SourceError) Unwrap() error { return e.Err }

// counter counts bytes and keeps the first real error.
type counter struct {
	r     io.Reader
	n     int64
	ended bool
	err   error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.ended = c.ended || err == io.EOF
	if err != nil && err != io.EOF && c.err == nil {
		c.err = err
	}
	return n, err
}

// packError marks what the decoder, not the writer, complained of.
type packError struct{ error }

func (e packError) Unwrap() error { return e.error }

func isPackError(err error) bool {
	var p packError
	return errors.As(err, &p)
}

// onlyReader hides WriteTo and marks errors as the decoder's.
type onlyReader struct{ io.Reader }

func (o onlyReader) Read(p []byte) (int, error) {
	n, err := o.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = packError{err}
	}
	return n, err
}

// patchPays says whether a patch is worth its place: at most 60 % of the whole.
func patchPays(patch, whole int64) bool { return patch*5 <= whole*3 }
