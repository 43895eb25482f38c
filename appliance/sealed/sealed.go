package sealed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	sumLine = "crc32c %08x\n"
	sumLen  = len("crc32c 00000000\n")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode gives the file that holds v.
func Encode(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	return Sum(append(b, '\n')), nil
}

// Sum gives the file whose body is b, which ends with a line's end: for who has an
// encoding of its own.
func Sum(b []byte) []byte {
	return fmt.Appendf(b, sumLine, crc32.Checksum(b, castagnoli))
}

// Body is what stands before the checksum, which fits.
func Body(b []byte) ([]byte, error) {
	if len(b) < sumLen {
		return nil, fmt.Errorf("%d bytes", len(b))
	}
	body, sum := b[:len(b)-sumLen], b[len(b)-sumLen:]
	if !bytes.Equal(sum, fmt.Appendf(nil, sumLine, crc32.Checksum(body, castagnoli))) {
		return nil, errors.New("checksum does not fit")
	}
	return body, nil
}

// Decode reads what Encode wrote into v, strictly: no unknown fields, nothing
// after the object but its checksum.
func Decode(b []byte, v any) error {
	body, err := Body(b)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}
