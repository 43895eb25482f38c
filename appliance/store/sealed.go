package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"tramxa/appliance/journal"
)

// Small files (keys, clean marker, cursor, manifest) are one JSON object and a
// line with the CRC32C of all before it:
//
//	{ … }
//	crc32c 1f2e3d4c
//
// They can be read by a person, and one flipped bit makes them invalid.
const sumLine = "crc32c %08x\n"

// maxSealed bounds what is read of such a file, in bytes.
const maxSealed = 4 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errSealed is wrapped by every error about such a file's bytes.
var errSealed = errors.New("file is damaged or not of this program")

// Seal and Unseal are that form for other packages' small files.
func Seal(v any) ([]byte, error) { return seal(v) }

// Unseal decodes what Seal wrote into v, strictly; see Seal.
func Unseal(b []byte, v any) error { return unseal(b, v) }

func seal(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	b = append(b, '\n')
	return fmt.Appendf(b, sumLine, crc32.Checksum(b, castagnoli)), nil
}

// NewerSealed says, with an error that wraps journal.ErrNewer, that a whole file
// of this form states a version above known; nil of any other bytes.
func NewerSealed(b []byte, known int) error {
	body, err := sealedBody(b)
	if err != nil {
		return nil
	}
	return newerJSON(body, known)
}

// newerJSON is NewerSealed of an object without its checksum.
func newerJSON(body []byte, known int) error {
	var v struct {
		Version int `json:"version"`
	}
	if json.Unmarshal(body, &v) != nil || v.Version <= known {
		return nil
	}
	return fmt.Errorf("%w: version %d, this program knows %d", journal.ErrNewer, v.Version, known)
}

// sealedBody is what stands before the checksum, which fits.
func sealedBody(b []byte) ([]byte, error) {
	const sumLen = len("crc32c 00000000\n")
	if len(b) < sumLen {
		return nil, fmt.Errorf("%w: %d bytes", errSealed, len(b))
	}
	body, sum := b[:len(b)-sumLen], b[len(b)-sumLen:]
	if !bytes.Equal(sum, fmt.Appendf(nil, sumLine, crc32.Checksum(body, castagnoli))) {
		return nil, fmt.Errorf("%w: checksum does not fit", errSealed)
	}
	return body, nil
}

// unseal decodes what seal wrote into v, strictly: no unknown fields, nothing
// after the checksum.
func unseal(b []byte, v any) error {
	body, err := sealedBody(b)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", errSealed, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one value", errSealed)
	}
	return nil
}
