package hubcopy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"tramxa/replication/identity"
)

const (
	copyMagic  = "TXHC"
	headerSize = 4 + 1 + sealedSize + 8 + 32 + 32 + 8 + 8 + 4
)

// ErrDamaged is wrapped by every error about bytes that are not a whole copy.
var ErrDamaged = errors.New("copy of the hub is damaged or not of this program")

// ErrNewer: a newer tramxa made the copy.
var ErrNewer = errors.New("copy of the hub was made by a newer tramxa; hint: restore it with that version or a later one")

// Header is what a copy says without a key. It is certain only once the copy was
// opened.
type Header struct {
	Pin    identity.Pin
	Number uint64
	Made   time.Time
	sealed [sealedSize]byte
	keyID  [8]byte
	salt   [32]byte
}

func (h Header) encode() []byte {
	b := append([]byte(copyMagic), version)
	b = append(append(append(append(b, h.sealed[:]...), h.keyID[:]...), h.salt[:]...), h.Pin[:]...)
	b = binary.BigEndian.AppendUint64(b, h.Number)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Made.Unix()))
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

// maxMade is the year 9999: what can be written as a date.
const maxMade = 253402300799

func parseHeader(b []byte) (Header, error) {
	bad := func(what string) (Header, error) { return Header{}, fmt.Errorf("%w: %s", ErrDamaged, what) }
	if len(b) != headerSize || string(b[:4]) != copyMagic {
		return bad("no header")
	}
	if binary.BigEndian.Uint32(b[headerSize-4:]) != checksum(b[:headerSize-4]) {
		return bad("checksum of the header")
	}
	if b[4] != version {
		return Header{}, fmt.Errorf("%w (version %d)", ErrNewer, b[4])
	}
	var h Header
	b = b[5:]
	for _, p := range [][]byte{h.sealed[:], h.keyID[:], h.salt[:], h.Pin[:]} {
		b = b[copy(p, b):]
	}
	h.Number = binary.BigEndian.Uint64(b)
	made := binary.BigEndian.Uint64(b[8:])
	if h.Number == 0 || h.Number > maxNumber || made > maxMade {
		return bad("a number is out of its range")
	}
	h.Made = time.Unix(int64(made), 0).UTC()
	if err := checkSealed(h.sealed[:]); err != nil {
		return bad(err.Error())
	}
	return h, nil
}

// ReadHeader reads the header at the start of a copy; ErrDamaged, ErrNewer.
func ReadHeader(r io.Reader) (Header, error) {
	b := make([]byte, headerSize)
	if _, err := io.ReadFull(r, b); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return Header{}, fmt.Errorf("%w: cut short", ErrDamaged)
		}
		return Header{}, err
	}
	return parseHeader(b)
}
