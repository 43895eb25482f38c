package sealed_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"testing"

	"tramxa/appliance/sealed"
)

type thing struct {
	Version int      `json:"version"`
	Names   []string `json:"names,omitempty"`
}

// frozen is the form, byte for byte: files of the field have it.
const frozen = `{
  "version": 1,
  "names": [
    "Trạm"
  ]
}
crc32c ec3ec025
`

func TestForm(t *testing.T) {
	b, err := sealed.Encode(thing{1, []string{"Trạm"}})
	if err != nil || string(b) != frozen {
		t.Fatalf("%s, %v", b, err)
	}
	var got thing
	if err := sealed.Decode([]byte(frozen), &got); err != nil || got.Version != 1 || got.Names[0] != "Trạm" {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := sealed.Encode(func() {}); err == nil {
		t.Error("a function is written")
	}
}

// TestEveryBitCounts: no flipped bit and no cut passes.
func TestEveryBitCounts(t *testing.T) {
	var got thing
	for i := range len(frozen) {
		for bit := range 8 {
			b := []byte(frozen)
			b[i] ^= 1 << bit
			if sealed.Decode(b, &got) == nil {
				t.Errorf("bit %d of byte %d is not missed", bit, i)
			}
		}
		if sealed.Decode([]byte(frozen[:i]), &got) == nil {
			t.Errorf("the first %d bytes are taken", i)
		}
	}
}

// TestStrict: what the sum fits is still to be one object that is known.
func TestStrict(t *testing.T) {
	for name, body := range map[string]string{
		"unknown field": `{"version":1,"colour":"red"}`, "two values": `{"version":1} {}`, "another kind": `{"version":"1"}`, "nothing": "", "no JSON": "x",
	} {
		var got thing
		b := fmt.Appendf([]byte(body), "crc32c %08x\n", crc32.Checksum([]byte(body), crc32.MakeTable(crc32.Castagnoli)))
		if _, err := sealed.Body(b); err != nil {
			t.Fatalf("%s: the sum does not fit: %v", name, err)
		}
		if sealed.Decode(b, &got) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(frozen))
	f.Add([]byte("{}\ncrc32c 00000000\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var got any
		body, bad := sealed.Body(b)
		if err := sealed.Decode(b, &got); err == nil && (bad != nil || !bytes.HasPrefix(b, body)) {
			t.Errorf("%q is taken though its sum is wrong: %v", b, bad)
		}
	})
}
