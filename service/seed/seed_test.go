package seed_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"tramxa/service/seed"
)

func TestSeedOfVersion1StillReads(t *testing.T) {
	b, err := os.ReadFile("testdata/seed1.toml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := seed.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	want := seed.Seed{
		Version: 1, Language: "vi", Station: 135, Unit: "23764", Name: "Xã Ia Grai", Hub: []string{"hub1.example:8470", "hub2.example:8470"},
		HubPin: "pin", Unattended: true, EraseDisk: "only",
		Network: &seed.Network{Address: "192.168.1.10/24", Gateway: "192.168.1.1", DNS: []string{"192.168.1.1"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	out, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := seed.Parse(out); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("written and read: %+v, %v", again, err)
	}
}

func TestSeedRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no version":        `station = 1`,
		"newer version":     `version = 2`,
		"unknown field":     "version = 1\nstaton = 3",
		"unit":              "version = 1\nunit = \"2376\"",
		"unit with a sign":  "version = 1\nunit = \"+2376\"",
		"hub without port":  "version = 1\nhub = [\"hub1.example\"]",
		"erase alone":       "version = 1\nerase_disk = \"only\"",
		"unattended alone":  "version = 1\nunattended = true",
		"network":           "version = 1\n[network]\naddress = \"192.168.1.10\"",
		"gateway":           "version = 1\n[network]\naddress = \"192.168.1.10/24\"\ngateway = \"router\"",
		"not a seed at all": "\x00\x01",
	} {
		if _, err := seed.Parse([]byte(text)); !errors.Is(err, seed.ErrBad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSeedIsText: the encoder would write bytes of another encoding as letters
// that nobody meant.
func TestSeedIsText(t *testing.T) {
	const odd = "X\xe3 Ia Grai" // as Windows-1258 has it
	for name, s := range map[string]seed.Seed{
		"name":    {Name: odd},
		"hub":     {Hub: []string{odd + ":8470"}},
		"key":     {SSHKey: odd},
		"gateway": {Network: &seed.Network{Address: "fe80::2/64", Gateway: "fe80::1%\xe3"}},
	} {
		if b, err := s.Marshal(); !errors.Is(err, seed.ErrBad) {
			t.Errorf("%s: %v\n%s", name, err, b)
		}
	}
	want := seed.Seed{Version: 1, Name: "a \"b\" 'c' \\ \x00\x7f\r\n\u2028\ufffd Ệ", HubPin: " ", Hub: []string{"[::1]:1"}}
	b, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := seed.Parse(b); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	long := seed.Seed{SSHKey: strings.Repeat("\x01", seed.MaxSize/2)}
	if b, err := long.Marshal(); !errors.Is(err, seed.ErrBad) {
		t.Errorf("%d bytes are written, which nobody reads: %v", len(b), err)
	}
}

// TestManyUnknownFields: the decoder's time and words for them grow with the
// square of their number, so there is an end to it.
func TestManyUnknownFields(t *testing.T) {
	for name, field := range map[string]string{"fields": "a%d = 1\n", "tables": "[a%d]\n", "deeper": "[network.a%d]\n", "inner": "network.a%d = 1\n", "list": "[[a]]\nb%d = 1\n"} {
		var few, many strings.Builder
		for i := range 3000 {
			if i < 100 {
				fmt.Fprintf(&few, field, i)
			}
			fmt.Fprintf(&many, field, i)
		}
		_, err := seed.Parse([]byte(few.String()))
		if !errors.Is(err, seed.ErrBad) || !strings.Contains(err.Error(), "1| ") || len(err.Error()) > 2000 {
			t.Errorf("100 %s: %v", name, err)
		}
		_, err = seed.Parse([]byte(many.String()))
		if !errors.Is(err, seed.ErrBad) || !strings.Contains(err.Error(), "at most 500 are read") {
			t.Errorf("3000 %s: %.200v", name, err)
		}
	}
	_, err := seed.Parse([]byte("version = 1\nstaton = 3\nnom = 4"))
	if err == nil || !strings.Contains(err.Error(), "staton") || !strings.Contains(err.Error(), "nom") {
		t.Errorf("two unknown fields: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	b, err := os.ReadFile("testdata/seed1.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := seed.Parse(b)
		if err != nil || len(b) > seed.MaxSize/8 { // a letter may take six when it is written again
			return
		}
		out, err := s.Marshal()
		if err != nil {
			t.Fatalf("read but not written again: %v", err)
		}
		again, err := seed.Parse(out)
		if err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		if twice, err := again.Marshal(); err != nil || string(twice) != string(out) {
			t.Errorf("written again otherwise: %v\n%s\n%s", err, out, twice)
		}
	})
}
