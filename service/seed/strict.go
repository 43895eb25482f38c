package seed

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

const (
	maxFields = 500 // of a file, lists and tables included
	maxShown  = 5   // unknown fields
)

// DecodeStrict decodes a TOML file, which the caller has bounded in size, into v
// and refuses fields that v does not have. The decoder shows each of them among
// its neighbours, for which it takes the whole text apart again: so they are
// counted before it begins, and a file full of them costs no more than another.
func DecodeStrict(b []byte, v any) error {
	var all map[string]any
	if err := toml.Unmarshal(b, &all); err != nil {
		return err
	}
	if n := fields(all); n > maxFields {
		return fmt.Errorf("%d fields, at most %d are read", n, maxFields)
	}
	dec := toml.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	var strict *toml.StrictMissingError
	if !errors.As(err, &strict) {
		return err
	}
	few := toml.StrictMissingError{Errors: strict.Errors[:min(len(strict.Errors), maxShown)]}
	return errors.New(strings.TrimSpace(few.String()))
}

// fields counts what is in v, v included.
func fields(v any) int {
	n := 1
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			n += fields(e)
		}
	case []any:
		for _, e := range v {
			n += fields(e)
		}
	}
	return n
}
