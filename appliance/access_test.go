package appliance

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"tramxa/appliance/population"
)

func TestLooksKeepTheirBytes(t *testing.T) {
	for _, c := range []struct {
		look Look
		hex  string // version 1, for ever
	}{
		{Look{What: "person", Of: population.NewID(3, 70)}, "1a706572736f6e0c9802"},
		{Look{What: "list"}, "126c697374"},
	} {
		b, err := c.look.Body()
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(b); got != c.hex {
			t.Errorf("%v is written %s, was %s", c.look, got, c.hex)
		}
		if back, err := ParseLook(b); err != nil || back != c.look {
			t.Errorf("%v comes back as %v, %v", c.look, back, err)
		}
	}
	for _, bad := range []Look{{}, {What: strings.Repeat("x", 33)}, {What: "person", Of: 7}, {What: "person", Of: 7 << 32}} {
		if _, err := bad.Body(); !errors.Is(err, ErrLook) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func FuzzParseLook(f *testing.F) {
	for _, l := range []Look{{What: "person", Of: population.NewID(3, 70)}, {What: "list"}} {
		b, err := l.Body()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseLook(b)
		if err != nil {
			return
		}
		again, err := l.Body()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x read as %v is written %x, %v", b, l, again, err)
		}
	})
}
