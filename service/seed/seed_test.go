package seed_test

import (
	"errors"
	"os"
	"reflect"
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

func FuzzParse(f *testing.F) {
	b, err := os.ReadFile("testdata/seed1.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := seed.Parse(b)
		if err != nil {
			return
		}
		if _, err := s.Marshal(); err != nil {
			t.Errorf("read but not written again: %v", err)
		}
	})
}
