package population

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tramxa/appliance/tuple"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenBodies: the bytes of version 1 stay as they are for ever, and the
// files of testdata/v1, which show body and JSON side by side, are still read.
func TestGoldenBodies(t *testing.T) {
	files := map[Kind]*bytes.Buffer{}
	for _, e := range samples() {
		if files[e.Kind()] == nil {
			files[e.Kind()] = &bytes.Buffer{}
			fmt.Fprintf(files[e.Kind()], "%s: kind %d, version %d, under mint %d\n", e.Kind(), e.Kind(), Version, testMint)
		}
		describe(t, files[e.Kind()], e)
	}
	for _, k := range Kinds() {
		if files[k] == nil {
			t.Errorf("no sample of %s", k)
			continue
		}
		name := filepath.Join("testdata", "v1", k.String()+".txt")
		if *update {
			if err := os.WriteFile(name, files[k].Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, files[k].Bytes()) {
			t.Errorf("%s: the format of version 1 has changed:\n%s", name, files[k])
		}
		readGolden(t, k, string(want))
	}
}

// describe writes an entry as JSON, as bytes, and value by value.
func describe(t *testing.T, out *bytes.Buffer, e Entry) {
	_, _, body, err := EncodeBody(testMint, e)
	if err != nil {
		t.Fatalf("%#v: %v", e, err)
	}
	text, err := MarshalEntry(e)
	if err != nil {
		t.Fatalf("%#v: %v", e, err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(out, "\njson: %s\nbody: %x\n", pretty.String(), body)
	err = tuple.Walk(body, func(path []int, typ tuple.Type, n uint64, content []byte) error {
		at := strings.ReplaceAll(strings.Trim(fmt.Sprint(path), "[]"), " ", ".")
		switch typ {
		case tuple.Uint:
			fmt.Fprintf(out, "  %-10s %d\n", at, n)
		case tuple.Neg:
			fmt.Fprintf(out, "  %-10s -%d\n", at, n+1)
		case tuple.Bytes:
			fmt.Fprintf(out, "  %-10s %q\n", at, content)
		case tuple.List:
			fmt.Fprintf(out, "  %-10s list of %d\n", at, n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// readGolden reads body and JSON of a golden file and expects the same entry.
func readGolden(t *testing.T, k Kind, file string) {
	for i, part := range strings.Split(file, "\njson: ")[1:] {
		text, rest, _ := strings.Cut(part, "\nbody: ")
		digits, _, _ := strings.Cut(rest, "\n")
		body, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeBody(testMint, k, Version, body)
		if err != nil {
			t.Errorf("%s %d: body: %v", k, i, err)
			continue
		}
		if strings.Contains(text, `"unknown"`) {
			continue // not read from JSON: nobody types what the program does not know
		}
		want, err := UnmarshalEntry([]byte(text))
		if err != nil {
			t.Errorf("%s %d: JSON: %v", k, i, err)
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s %d: body and JSON differ:\n%#v\n%#v", k, i, got, want)
		}
	}
}
