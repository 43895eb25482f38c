package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"tramxa/appliance/journal"
	"tramxa/appliance/sealed"
)

// Small files (keys, clean marker, cursor, manifest) have the form of package sealed.

// maxSealed bounds what is read of such a file, in bytes.
const maxSealed = 4 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errSealed is wrapped by every error about such a file's bytes.
var errSealed = errors.New("file is damaged or not of this program")

// Seal and Unseal are that form for other packages' small files.
func Seal(v any) ([]byte, error) { return seal(v) }

// Unseal decodes what Seal wrote into v, strictly; see Seal.
func Unseal(b []byte, v any) error { return unseal(b, v) }

func seal(v any) ([]byte, error) { return sealed.Encode(v) }

func unseal(b []byte, v any) error {
	if err := sealed.Decode(b, v); err != nil {
		return fmt.Errorf("%w: %w", errSealed, err)
	}
	return nil
}

// NewerSealed says, with an error that wraps journal.ErrNewer, that a whole file
// of this form states a version above known; nil of any other bytes.
func NewerSealed(b []byte, known int) error {
	body, err := sealed.Body(b)
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
