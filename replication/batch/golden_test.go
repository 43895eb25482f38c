package batch

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/journal"
)

var update = flag.Bool("update", false, "rewrite golden files")

// packings are the ways a version 1 batch may be packed, by golden file.
func packings(recs []journal.Record, raw int) map[string]func(*Header) []byte {
	rows := packRows(recs, raw)
	modelled := func(id uint32) func(h *Header) []byte {
		return func(h *Header) []byte {
			h.Packing, h.Dictionary = Modelled, id
			b, err := packModelled(recs, id)
			if err != nil {
				panic(err)
			}
			return b
		}
	}
	return map[string]func(*Header) []byte{
		"v1-rows.txb":        func(h *Header) []byte { h.Packing = Rows; return rows },
		"v1-rows-zstd.txb":   func(h *Header) []byte { h.Packing = RowsZstd; return compress(rows) },
		"v1-modelled.txb":    modelled(0),
		"v1-modelled-d1.txb": modelled(1),
	}
}

// TestOldBatchesStillOpen opens every batch this program ever wrote: they lie on
// sticks and in the archives of hubs for ever.
func TestOldBatchesStillOpen(t *testing.T) {
	src := source(records(41, 25, 11))
	h, err := head(src)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		for name, pack := range packings(src.Records, h.Raw) {
			h := h
			packed := pack(&h)
			if err := os.WriteFile(filepath.Join("testdata", name), seal(h, packed, testSigner), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	names, err := filepath.Glob(filepath.Join("testdata", "v*.txb"))
	if err != nil || len(names) < 4 {
		t.Fatalf("golden batches: %v, %v", names, err)
	}
	for _, name := range names {
		enc, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Decode(enc)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := b.Verify(testSigner.Public().(ed25519.PublicKey), src.Secret); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := equal(src.Records, b.Records); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if strings.Contains(name, "zstd") {
			continue // how the library compresses is its own affair
		}
		pack := packings(src.Records, h.Raw)[filepath.Base(name)]
		h := h
		if packed := pack(&h); !bytes.Equal(seal(h, packed, testSigner), enc) {
			t.Errorf("%s: the encoder of a frozen packing has changed", name)
		}
	}
}

// TestDictionariesAreFrozen: a batch names its dictionary by number.
func TestDictionariesAreFrozen(t *testing.T) {
	golden := filepath.Join("testdata", "dictionaries.sha256")
	got := fmt.Sprintf("1 %x\n", sha256.Sum256(dictionary1))
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Fatalf("dictionary 1 has changed: %s", got)
	}
	recs, err := dictionary(1)
	if err != nil || len(recs) < 100 {
		t.Fatalf("%d records, %v", len(recs), err)
	}
}

func TestEveryPackingGivesTheSameRecords(t *testing.T) {
	for seed := range uint64(12) {
		src := source(records(1, 1+int(seed*seed), seed))
		h, err := head(src)
		if err != nil {
			t.Fatal(err)
		}
		for name, pack := range packings(src.Records, h.Raw) {
			h := h
			packed := pack(&h)
			recs, err := unpack(packed, h)
			if err != nil {
				t.Fatalf("%s, seed %d: %v", name, seed, err)
			}
			if err := equal(src.Records, recs); err != nil {
				t.Fatalf("%s, seed %d: %v", name, seed, err)
			}
			if _, err := unpack(append(packed[:len(packed):len(packed)], 0), h); err == nil {
				t.Fatalf("%s, seed %d: a byte behind the records was taken", name, seed)
			}
		}
	}
}

// TestOddRecordsSurvive: heads of a newer version, bodies that are no tuples, the
// largest numbers and nestings.
func TestOddRecordsSurvive(t *testing.T) {
	big := journal.Envelope{Class: 3, At: -1 << 62, Kind: 65535, Version: 255, Actor: 1<<32 - 1, Device: 1<<32 - 1,
		DeviceSeq: 1<<64 - 1, Op: 1<<63 - 1, Base: 1<<63 - 1, Offset: -1 << 31}
	fine := journal.Envelope{Trusted: true, At: -5, Kind: 1, Version: 1, DeviceSeq: 1<<60 - 1, Offset: -7}
	deep := []byte{7, 7, 7, 7, 7, 7, 4}
	recs := []journal.Record{
		{Head: big.Append(nil)},
		{Head: fine.Append(nil), Body: []byte{0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f}},
		{Head: fine.Append(nil), Body: []byte{0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f}},
		{Head: fine.Append(nil), Body: []byte{0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f}},
		{Head: []byte{0xf3, 1, 2, 3}, Body: deep},
		{Head: []byte{0x10, 0}, Body: []byte{0}},
		{Head: bytes.Repeat([]byte{0xff}, journal.MaxHead), Body: bytes.Repeat([]byte{0xff}, journal.MaxBody)},
		{Head: fine.Append(nil), Body: bytes.Repeat([]byte{4}, journal.MaxBody)},
	}
	for i := range recs {
		recs[i].Seq = journal.Seq(i + 1)
	}
	src := source(recs)
	h, err := head(src)
	if err != nil {
		t.Fatal(err)
	}
	for name, pack := range packings(recs, h.Raw) {
		h := h
		got, err := unpack(pack(&h), h)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := equal(recs, got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// TestWhatPacksTooWellIsCutSmaller: a decoder refuses to swell a few bytes to a
// megabyte, so an encoder must not ask it to.
func TestWhatPacksTooWellIsCutSmaller(t *testing.T) {
	env := journal.Envelope{Kind: 1, Version: 1}
	var recs []journal.Record
	for i := range 10 {
		recs = append(recs, journal.Record{Seq: journal.Seq(i + 1), Head: env.Append(nil), Body: make([]byte, journal.MaxBody)})
	}
	for left := recs; len(left) > 0; {
		enc, n, err := Cut(source(left), testSigner, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(enc); err != nil {
			t.Fatal(err)
		}
		left = left[n:]
	}
	h, err := head(source(recs))
	if err != nil {
		t.Fatal(err)
	}
	h.Packing = RowsZstd
	if _, err := Decode(seal(h, compress(packRows(recs, h.Raw)), testSigner)); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("a bomb: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "v*.txb"))
	if err != nil || len(names) == 0 {
		f.Fatal("no golden batches")
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(magic))
	small := source(records(1, 2, 3))
	h, err := head(small)
	if err != nil {
		f.Fatal(err)
	}
	for _, pack := range packings(small.Records, h.Raw) {
		h := h
		packed := pack(&h)
		f.Add(seal(h, packed, testSigner))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(b []byte) {
			got, err := Decode(b)
			if err != nil {
				return
			}
			raw := 0
			for _, r := range got.Records {
				raw += len(r.Head) + len(r.Body)
			}
			if raw != got.Raw || raw > MaxRaw || len(got.Records) != got.Count() || len(got.Records) > MaxRecords {
				t.Fatalf("%d records of %d bytes under header %+v", len(got.Records), raw, got.Header)
			}
			if _, err := head(Source{Origin: got.Origin, PreHash: got.PreHash, Records: got.Records}); err != nil {
				t.Fatalf("what was decoded cannot be encoded: %v", err)
			}
		}
		check(b)
		if len(b) > tailSize { // past the checksum, which stops nearly everything
			b = bytes.Clone(b)
			fixChecksum(b)
			// What is large only costs time here; its bounds have tests of their own.
			if h, err := Peek(b); err == nil && h.Raw <= 4096 {
				check(b)
			}
		}
	})
}

func fixChecksum(b []byte) {
	body := b[:len(b)-tailSize]
	copy(b[len(body):], checksum(body))
}
