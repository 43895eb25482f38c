package tuple

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestBytesOfValues fixes the bytes of every type of value, for ever.
func TestBytesOfValues(t *testing.T) {
	tests := []struct {
		name  string
		write func(*Writer)
		want  string
	}{
		{"nothing", func(w *Writer) {}, ""},
		{"zeros only", func(w *Writer) { w.Uint(0); w.String(""); w.List(0); w.Bool(false) }, ""},
		{"small", func(w *Writer) { w.Uint(31) }, "7c"},
		{"two bytes", func(w *Writer) { w.Uint(32) }, "8001"},
		{"negative", func(w *Writer) { w.Int(-1); w.Int(-33) }, "018101"},
		{"largest", func(w *Writer) { w.Uint(MaxInt) }, "fcffffffffffffff3f"},
		{"string", func(w *Writer) { w.String("ab") }, "0a6162"},
		{"zero inside stays", func(w *Writer) { w.Uint(0); w.Uint(1); w.Uint(0) }, "0004"},
		{"list keeps its zeros", func(w *Writer) { w.List(2); w.Uint(1); w.Uint(0) }, "0b0400"},
		{"record loses them", func(w *Writer) { w.Begin(); w.Uint(1); w.Uint(0); w.End() }, "0704"},
		{"empty record", func(w *Writer) { w.Begin(); w.Uint(0); w.End(); w.Uint(1) }, "0004"},
		{"record in list in record", func(w *Writer) {
			w.Begin()
			w.List(2)
			w.Begin()
			w.Uint(2)
			w.End()
			w.Begin()
			w.End()
			w.Uint(0)
			w.End()
		}, "070b070800"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var w Writer
			test.write(&w)
			b := w.Tuple()
			if got := hex.EncodeToString(b); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if err := Check(b); err != nil {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

// TestOtherSpellingsAreRefused: one value has one encoding.
func TestOtherSpellingsAreRefused(t *testing.T) {
	deep := strings.Repeat("07", MaxDepth+1) + "04"
	for name, text := range map[string]string{
		"long head":           "8400",
		"trailing zero":       "0400",
		"empty string":        "02",
		"empty list":          "03",
		"string cut":          "0e6162",
		"list cut":            "0f0404",
		"list claims more":    "ff3f00",
		"lists too deep":      deep,
		"number out of range": "80808080808080808001",
		"ten bytes":           "ffffffffffffffffff01",
		"value missing":       "0b04",
	} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(b); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: Check(%s) = %v", name, text, err)
		}
		if err := NewReader(b).Close(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: NewReader(%s) = %v", name, text, err)
		}
	}
	if err := Check(bytes.Repeat([]byte{7}, MaxDepth)); !errors.Is(err, ErrMalformed) {
		t.Errorf("cut inside lists: %v", err)
	}
}

// TestReaderRefusesWhatItIsNotAskedFor: types, bounds, and values left over.
func TestReaderRefusesWhatItIsNotAskedFor(t *testing.T) {
	tests := []struct {
		name  string
		bytes string
		read  func(*Reader)
	}{
		{"negative as unsigned", "01", func(r *Reader) { r.Uint(9) }},
		{"above the bound", "28", func(r *Reader) { r.Uint(9) }},
		{"not a truth", "08", func(r *Reader) { r.Bool() }},
		{"string as number", "0a6162", func(r *Reader) { r.Int() }},
		{"string too long", "0a6162", func(r *Reader) { r.String(1) }},
		{"number as string", "04", func(r *Reader) { r.Bytes(9) }},
		{"list too long", "0b0404", func(r *Reader) { r.List(1) }},
		{"number as list", "04", func(r *Reader) { r.List(9) }},
		{"past the end of a list", "0704", func(r *Reader) { r.List(1); r.Uint(9); r.Uint(9) }},
		{"values left in a list", "0b0404", func(r *Reader) { r.List(2); r.Uint(9); r.End() }},
		{"zero at the end of a record", "0b0400", func(r *Reader) { r.Begin(9); r.Uint(9); r.Uint(9); r.End() }},
		{"values left over", "0404", func(r *Reader) { r.Uint(9) }},
		{"found by the caller", "04", func(r *Reader) { r.Uint(9); r.Fail(ErrMalformed) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, err := hex.DecodeString(test.bytes)
			if err != nil {
				t.Fatal(err)
			}
			r := NewReader(b)
			test.read(r)
			if err := r.Close(); !errors.Is(err, ErrMalformed) {
				t.Errorf("got %v", err)
			}
			if typ, n := r.Peek(); r.Err() != nil && (typ != Uint || n != 0) {
				t.Errorf("Peek after an error: %d, %d", typ, n)
			}
		})
	}
}

// TestReadingPastTheEndYieldsZeros: fields cut at the end are absent.
func TestReadingPastTheEndYieldsZeros(t *testing.T) {
	r := NewReader([]byte{7, 4}) // a record of the number 1
	r.Begin(9)
	if n := r.Uint(9); n != 1 {
		t.Errorf("first value %d", n)
	}
	if r.Int() != 0 || r.String(9) != "" || r.List(9) != 0 {
		t.Error("values past the end of a record are not zero")
	}
	r.End() // the empty list
	r.End()
	if r.Uint(9) != 0 || r.Bytes(9) != nil || r.Bool() {
		t.Error("values past the end are not zero")
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestWriterPanicsOnMisuse: what cannot be written is found where it is written.
func TestWriterPanicsOnMisuse(t *testing.T) {
	for name, write := range map[string]func(*Writer){
		"number too large": func(w *Writer) { w.Uint(MaxInt + 1) },
		"list not ended":   func(w *Writer) { w.List(2); w.Uint(1); w.Tuple() },
		"record not ended": func(w *Writer) { w.Begin(); w.Tuple() },
		"end of nothing":   func(w *Writer) { w.End() },
		"end of a list":    func(w *Writer) { w.List(2); w.End() },
		"list too long":    func(w *Writer) { w.List(MaxList + 1) },
		"too deep": func(w *Writer) {
			for range MaxDepth + 1 {
				w.Begin()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			write(&Writer{})
		})
	}
}

// TestWriterGoesOn: Tuple gives a copy, and the Writer may be used further.
func TestWriterGoesOn(t *testing.T) {
	var w Writer
	w.Uint(1)
	w.Uint(0)
	first := w.Tuple()
	w.Uint(2)
	if got := hex.EncodeToString(w.Tuple()); got != "040008" {
		t.Errorf("after going on: %s", got)
	}
	if hex.EncodeToString(first) != "04" {
		t.Errorf("the first tuple changed: %x", first)
	}
}

// TestRandomTuplesRoundTrip writes random trees, reads them by walking, and
// writes what was walked again.
func TestRandomTuplesRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var w Writer
		for range rnd.IntN(12) {
			randomValue(rnd, &w, 0)
		}
		b := w.Tuple()
		if err := Check(b); err != nil {
			t.Fatalf("%x: %v", b, err)
		}
		if again := rewrite(t, b); !bytes.Equal(again, b) {
			t.Fatalf("%x came back as %x", b, again)
		}
	}
}

func randomValue(rnd *rand.Rand, w *Writer, depth int) {
	switch k := rnd.IntN(7); {
	case k == 0:
		w.Uint(0)
	case k == 1:
		w.Uint(rnd.Uint64N(MaxInt + 1))
	case k == 2:
		w.Int(int64(rnd.Uint64N(1<<40)) - 1<<39)
	case k == 3:
		w.Bytes(make([]byte, rnd.IntN(40)))
	case k == 4 && depth < MaxDepth:
		n := rnd.IntN(5)
		w.List(n)
		for range n {
			randomValue(rnd, w, depth+1)
		}
	case k == 5 && depth < MaxDepth:
		w.Begin()
		for range rnd.IntN(5) {
			randomValue(rnd, w, depth+1)
		}
		w.End()
	default:
		w.Uint(uint64(rnd.IntN(64)))
	}
}

// rewrite writes a tuple anew from what Walk says of it.
func rewrite(t *testing.T, b []byte) []byte {
	var w Writer
	index := -1
	err := Walk(b, func(path []int, typ Type, n uint64, content []byte) error {
		if len(path) == 1 {
			if path[0] != index+1 {
				t.Fatalf("%x: position %d after %d", b, path[0], index)
			}
			index = path[0]
		}
		switch typ {
		case Uint:
			w.Uint(n)
		case Neg:
			w.Int(-1 - int64(n))
		case Bytes:
			w.Bytes(content)
		case List:
			w.List(int(n))
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	return w.Tuple()
}

// TestWalkStops: the visitor's error ends the walk and comes back.
func TestWalkStops(t *testing.T) {
	stop := errors.New("enough")
	seen := 0
	err := Walk([]byte{4, 7, 4, 4}, func([]int, Type, uint64, []byte) error {
		if seen++; seen == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || seen != 2 {
		t.Errorf("stopped after %d with %v", seen, err)
	}
	for _, b := range [][]byte{{2}, bytes.Repeat([]byte{7}, 20)} {
		if err := Walk(b, func([]int, Type, uint64, []byte) error { return nil }); !errors.Is(err, ErrMalformed) {
			t.Errorf("%x: %v", b, err)
		}
	}
}

// FuzzCheck: what Check accepts is walked without error and written back byte
// for byte; what it refuses, a Reader refuses too.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"", "04", "0b0400", "070b070800", "0a6162", "018101", "fcffffffffffffff3f", "03", "0400"} {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := Check(b)
		if readErr := NewReader(b).Err(); (err == nil) != (readErr == nil) {
			t.Fatalf("Check says %v, the Reader %v", err, readErr)
		}
		if err != nil {
			return
		}
		if again := rewrite(t, b); !bytes.Equal(again, b) {
			t.Fatalf("%x came back as %x", b, again)
		}
	})
}
