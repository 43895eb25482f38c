package update

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// Hash is the SHA-256 of a file's bytes. Its text is 64 lower-case hex digits.
// The zero value means "no file".
type Hash [sha256.Size]byte

// IsZero says whether h names no file.
func (h Hash) IsZero() bool { return h == Hash{} }

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Short is for people: the first 12 digits.
func (h Hash) Short() string { return h.String()[:12] }

// MarshalText is encoding.TextMarshaler; the zero value is empty text.
func (h Hash) MarshalText() ([]byte, error) {
	if h.IsZero() {
		return nil, nil
	}
	return []byte(h.String()), nil
}

// UnmarshalText is encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*h = Hash{}
		return nil
	}
	got, err := ParseHash(string(b))
	if err != nil {
		return err
	}
	*h = got
	return nil
}

// ParseHash reads 64 lower-case hex digits.
func ParseHash(s string) (Hash, error) {
	var h Hash
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) || hex.EncodeToString(b) != s {
		return h, fmt.Errorf("%w: %q is no SHA-256 in lower-case hex", ErrFormat, s)
	}
	copy(h[:], b)
	return h, nil
}

// HashFile reads a file once and returns its hash and size.
func HashFile(name string) (Hash, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return Hash{}, 0, err
	}
	defer f.Close()
	return hashOf(f)
}

func hashOf(r io.Reader) (Hash, int64, error) {
	var h Hash
	d := sha256.New()
	n, err := io.CopyBuffer(onlyWriter{d}, r, make([]byte, 256<<10))
	d.Sum(h[:0])
	return h, n, err
}

// onlyWriter hides ReadFrom, so that CopyBuffer uses its buffer.
type onlyWriter struct{ io.Writer }
