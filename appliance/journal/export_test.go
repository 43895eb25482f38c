package journal

import (
	"crypto/ed25519"
	"io"
)

// WithSalts makes the salts of new segments come from r, so that files repeat.
func WithSalts(o Options, r io.Reader) Options {
	o.salts = r
	return o
}

// SegmentHeader is what tests look at in a segment's first bytes.
type SegmentHeader struct {
	Salt  [32]byte
	First Seq
	Pre   Hash
}

// ParseSegmentHeader exposes the decoder.
func ParseSegmentHeader(b []byte) (SegmentHeader, error) {
	h, err := parseHeader(b)
	return SegmentHeader{h.salt, h.first, h.pre}, err
}

// FrameNonces returns the nonces of all good frames in a segment's bytes.
func FrameNonces(seg []byte) (nonces [][]byte) {
	for off := headerLen; ; {
		f, err := parseFrame(seg, off)
		if err != nil {
			return nonces
		}
		nonces = append(nonces, nonce(f.first))
		off = f.end()
	}
}

// FrameOffsets returns where the good frames of a segment begin, and where the
// last one ends.
func FrameOffsets(seg []byte) []int64 {
	off := headerLen
	offs := []int64{int64(off)}
	for {
		f, err := parseFrame(seg, off)
		if err != nil {
			return offs
		}
		off = f.end()
		offs = append(offs, int64(off))
	}
}

const (
	HeaderLen   = headerLen
	TrailerLen  = trailerLen
	GenesisName = genesisName
)

var SegmentName = segmentName

// ForgeSeal signs the seal at the end of seg anew, with another key.
func ForgeSeal(seg []byte, key ed25519.PrivateKey) error {
	h, err := parseHeader(seg)
	if err != nil {
		return err
	}
	at := len(seg) - trailerLen
	t, err := parseTrailer(seg, at)
	if err != nil {
		return err
	}
	t.sign(h, key)
	copy(seg[at:], t.marshal())
	return nil
}
