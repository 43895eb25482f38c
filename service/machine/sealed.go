package machine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// The package's files are one JSON object and a line with the CRC32C of all
// before it, as the station's small files are:
//
//	{ … }
//	crc32c 1f2e3d4c
const sumLine = "crc32c %08x\n"

// maxSealed bounds such a file, in bytes.
const maxSealed = 1 << 20

// ErrDamaged is wrapped by errors about the bytes of a file of this package. It
// may be removed: nothing of the station is in it.
var ErrDamaged = errors.New("file is damaged or of another version")

func seal(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	b = append(b, '\n')
	return fmt.Appendf(b, sumLine, crc32.Checksum(b, castagnoli)), nil
}

// unseal decodes strictly what seal wrote: no unknown fields, nothing behind.
func unseal(b []byte, v any) error {
	const sumLen = len("crc32c 00000000\n")
	if len(b) < sumLen || len(b) > maxSealed {
		return fmt.Errorf("%w: %d bytes", ErrDamaged, len(b))
	}
	body, sum := b[:len(b)-sumLen], b[len(b)-sumLen:]
	if !bytes.Equal(sum, fmt.Appendf(nil, sumLine, crc32.Checksum(body, castagnoli))) {
		return fmt.Errorf("%w: checksum does not fit", ErrDamaged)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one value", ErrDamaged)
	}
	return nil
}
