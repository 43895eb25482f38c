package update

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The documents of this package are JSON in exactly one spelling: what canonical
// writes. A reader that accepts only that has no room for unknown or doubled
// fields, other cases of a name or bytes that nobody looks at.

// ErrFormat is wrapped by every error about bytes that are none of this
// package's formats, or not whole.
var ErrFormat = errors.New("not a valid update document")

// canonical is the one spelling of v.
func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// decode reads what canonical wrote, of at most max bytes, into v.
func decode(what string, b []byte, max int, v any) error {
	if len(b) > max {
		return fmt.Errorf("%w: %s has %d bytes, at most %d are read", ErrFormat, what, len(b), max)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrFormat, what, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %s: more than one value", ErrFormat, what)
	}
	again, err := canonical(v)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrFormat, what, err)
	}
	if !bytes.Equal(b, again) {
		return fmt.Errorf("%w: %s is not spelled as it is written", ErrFormat, what)
	}
	return nil
}
