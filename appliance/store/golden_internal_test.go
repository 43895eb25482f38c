package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/journal"
)

var update = flag.Bool("update", false, "write the golden files of formats anew")

// golden compares got with testdata/name. A difference means that files written
// by an earlier program would not be what they were.
func golden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != nil && !bytes.Equal(got, want) {
		t.Errorf("%s changed:\n%q\nwas\n%q", name, got, want)
	}
	return want
}

// testKeys are the same every time.
func testKeys(t testing.TB) Keys {
	t.Helper()
	k, err := NewKeys(7, 2, rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyFileFormatIsFrozen(t *testing.T) {
	k := testKeys(t)
	b, err := k.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseKeys(golden(t, "keys-v1.json", b))
	if err != nil || got.Station != 7 || got.Epoch != 2 || got.Data != k.Data || got.Secret != k.Secret || !got.Signer.Equal(k.Signer) {
		t.Errorf("keys read back: %v, %v", got, err)
	}
}

func TestKeysAreNeverPrinted(t *testing.T) {
	k := testKeys(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		s := fmt.Sprintf(verb, k)
		if strings.Contains(s, hex.EncodeToString(k.Secret[:4])) || strings.Contains(s, fmt.Sprint(k.Secret[0], k.Secret[1])) || !strings.Contains(s, "secret") {
			t.Errorf("%s prints %s", verb, s)
		}
	}
}

func TestCursorFormatIsFrozen(t *testing.T) {
	f := cursorFile{Version: 1, Seq: 4711, Chain: hexHash{0xab, 31: 0xcd}, At: 1_800_000_000}
	b, err := seal(f)
	if err != nil {
		t.Fatal(err)
	}
	var got cursorFile
	if err := unseal(golden(t, "cursor-v1.json", b), &got); err != nil || got != f {
		t.Errorf("cursor read back: %+v, %v", got, err)
	}
}

func TestCleanMarkerFormatIsFrozen(t *testing.T) {
	m := cleanMarker{Version: 1, Seq: 9, Chain: hexHash{1}, Fold: 1, Boot: "b", Files: []viewFile{{"000001.sst", 12, 99}}}
	b, err := seal(m)
	if err != nil {
		t.Fatal(err)
	}
	var got cleanMarker
	if err := unseal(golden(t, "clean-v1.json", b), &got); err != nil || got.Seq != 9 || got.Files[0] != m.Files[0] || got.Chain != m.Chain {
		t.Errorf("marker read back: %+v, %v", got, err)
	}
}

func TestManifestFormatIsFrozen(t *testing.T) {
	m := Manifest{
		Version: 1, Station: 7, Epoch: 2, Mint: 12, Unit: "23764", Seq: 9, Chain: hexHash{1}, Access: 3,
		Made: time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC).Format(time.RFC3339), Files: []ManifestFile{{"cursor.json", 3, hexHash{2}}},
	}
	b, err := seal(m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseManifest(golden(t, "manifest-v1.json", b))
	if err != nil || got.Seq != 9 || got.Files[0] != m.Files[0] {
		t.Errorf("manifest read back: %+v, %v", got, err)
	}
}

func TestAManifestNamesNoFileOutside(t *testing.T) {
	for _, name := range []string{"../x", "/etc/passwd", "a/../../x", "", `a\b`, `..\x`} {
		b, err := seal(Manifest{Version: 1, Files: []ManifestFile{{Name: name}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseManifest(b); !errors.Is(err, ErrBadBackup) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestOneFlippedBitInASmallFileIsFound(t *testing.T) {
	b, err := testKeys(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		for bit := range 8 {
			c := bytes.Clone(b)
			c[i] ^= 1 << bit
			if _, err := ParseKeys(c); !errors.Is(err, ErrBadKeys) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
		}
	}
}

// testRows are rows of every size that matters.
func testRows() [][2][]byte {
	rows := [][2][]byte{{{0}, nil}, {[]byte("a"), []byte("1")}, {[]byte("ab"), bytes.Repeat([]byte("x"), 300)}}
	noise := rand.NewChaCha8([32]byte{9})
	for i := range 40 {
		v := make([]byte, 3000)
		_, _ = noise.Read(v)
		rows = append(rows, [2][]byte{fmt.Appendf(nil, "b%04d", i), v})
	}
	return append(rows, [2][]byte{bytes.Repeat([]byte("k"), maxRowKey), []byte("end")})
}

func testInfo() CheckpointInfo {
	return CheckpointInfo{Origin: journal.Origin{Station: 7, Epoch: 2, Mint: 12}, Fold: 1, Seq: 4711, Chain: journal.Hash{5, 31: 6}}
}

func encodeCheckpoint(t testing.TB, rows [][2][]byte) ([]byte, journal.Hash) {
	t.Helper()
	var b bytes.Buffer
	content, n, err := writeCheckpoint(&b, testInfo(), testKeys(t).Data, [ckptSalt]byte{3}, func(row func(k, v []byte) error) error {
		for _, r := range rows {
			if err := row(r[0], r[1]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || n != uint64(len(rows)) {
		t.Fatalf("%d rows written, %v", n, err)
	}
	return b.Bytes(), content
}

func decodeCheckpoint(b []byte, key journal.Key) (info CheckpointInfo, rows [][2][]byte, content journal.Hash, err error) {
	content, _, err = readCheckpoint(context.Background(), bytes.NewReader(b), key,
		func(i CheckpointInfo) error { info = i; return nil },
		func(k, v []byte) error {
			rows = append(rows, [2][]byte{bytes.Clone(k), bytes.Clone(v)})
			return nil
		})
	return info, rows, content, err
}

// TestCheckpointFormatIsFrozen reads a file of version 1. How it is compressed
// may change with the compressor, so the bytes written now are not compared.
func TestCheckpointFormatIsFrozen(t *testing.T) {
	b, content := encodeCheckpoint(t, testRows())
	if !*update {
		b = nil
	}
	want := golden(t, "checkpoint-v1.txc", b)
	for _, file := range [][]byte{want, func() []byte { b, _ := encodeCheckpoint(t, testRows()); return b }()} {
		info, rows, got, err := decodeCheckpoint(file, testKeys(t).Data)
		if err != nil {
			t.Fatal(err)
		}
		if info != testInfo() || got != content || fmt.Sprintf("%x", rows) != fmt.Sprintf("%x", testRows()) {
			t.Errorf("checkpoint read back: %+v, %d rows, content %x; want %x", info, len(rows), got, content)
		}
		if !bytes.Equal(file[:ckptHeader], want[:ckptHeader]) {
			t.Error("header changed")
		}
	}
	golden(t, "checkpoint-v1.content", fmt.Appendf(nil, "%x\n", content))
}

func TestAnEmptyRegisterHasACheckpoint(t *testing.T) {
	b, _ := encodeCheckpoint(t, nil)
	if _, rows, _, err := decodeCheckpoint(b, testKeys(t).Data); err != nil || len(rows) != 0 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestEveryFlippedBitAndEveryCutOfACheckpointIsFound(t *testing.T) {
	b, _ := encodeCheckpoint(t, testRows()[:3])
	key := testKeys(t).Data
	for i := range b {
		c := bytes.Clone(b)
		c[i] ^= 1 << (i % 8)
		if _, _, _, err := decodeCheckpoint(c, key); !errors.Is(err, ErrBadCheckpoint) && !errors.Is(err, journal.ErrWrongKey) {
			t.Fatalf("byte %d of %d flipped: %v", i, len(b), err)
		}
		if _, _, _, err := decodeCheckpoint(b[:i], key); !errors.Is(err, ErrBadCheckpoint) {
			t.Fatalf("cut to %d of %d: %v", i, len(b), err)
		}
	}
	if _, _, _, err := decodeCheckpoint(append(bytes.Clone(b), 0), key); !errors.Is(err, ErrBadCheckpoint) {
		t.Errorf("a byte more: %v", err)
	}
	big, _ := encodeCheckpoint(t, testRows())
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		c := bytes.Clone(big)
		i := rng.IntN(len(c))
		c[i] ^= 1 << rng.IntN(8)
		if _, _, _, err := decodeCheckpoint(c, key); !errors.Is(err, ErrBadCheckpoint) && !errors.Is(err, journal.ErrWrongKey) {
			t.Fatalf("byte %d of %d flipped: %v", i, len(c), err)
		}
	}
}

func TestACheckpointNeedsItsKey(t *testing.T) {
	b, _ := encodeCheckpoint(t, testRows())
	key := testKeys(t).Data
	key.Bytes[0]++
	if _, rows, _, err := decodeCheckpoint(b, key); !errors.Is(err, ErrBadCheckpoint) || len(rows) != 0 {
		t.Errorf("another key of the same id: %d rows, %v", len(rows), err)
	}
	if bytes.Contains(b, []byte("xxxxxxxx")) {
		t.Error("a row can be read without the key")
	}
}

func TestRowsOutOfOrderAreRefused(t *testing.T) {
	for _, rows := range [][]string{{"b", "a"}, {"a", "a"}, {""}, {strings.Repeat("k", maxRowKey+1)}} {
		_, _, err := writeCheckpoint(&bytes.Buffer{}, testInfo(), testKeys(t).Data, [ckptSalt]byte{}, func(row func(k, v []byte) error) error {
			for _, k := range rows {
				if err := row([]byte(k), nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			t.Errorf("rows %.20q are accepted", rows)
		}
	}
}

// FuzzCheckpoint feeds the reader with bytes that were sealed with the right
// key, so that the row decoder behind the encryption is reached too.
func FuzzCheckpoint(f *testing.F) {
	b, _ := encodeCheckpoint(f, testRows()[:3])
	f.Add(b, false)
	f.Add([]byte{1, 'a', 0, 0, 1}, true)
	f.Add([]byte{0, 0}, true)
	f.Add(bytes.Repeat([]byte{0xff}, 40), true)
	key := testKeys(f).Data
	f.Fuzz(func(t *testing.T, b []byte, plain bool) {
		if plain {
			b = sealPlain(t, b, key)
		}
		content := 0
		_, n, err := readCheckpoint(context.Background(), bytes.NewReader(b), key, func(CheckpointInfo) error { return nil },
			func(k, v []byte) error {
				if len(k) == 0 || len(k) > maxRowKey || len(v) > maxRowValue {
					t.Fatalf("row of %d and %d bytes", len(k), len(v))
				}
				content++
				return nil
			})
		if err == nil && n != uint64(content) {
			t.Fatalf("%d rows stated, %d given", n, content)
		}
		if err != nil && !errors.Is(err, ErrBadCheckpoint) && !errors.Is(err, journal.ErrWrongKey) {
			t.Fatalf("error without its kind: %v", err)
		}
	})
}

// FuzzSealed feeds the small files' reader.
func FuzzSealed(f *testing.F) {
	keys, err := testKeys(f).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(keys)
	f.Add([]byte("{}\ncrc32c 00000000\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := ParseKeys(b); err != nil && !errors.Is(err, ErrBadKeys) {
			t.Fatal(err)
		}
		if m, err := parseManifest(b); err == nil {
			for _, file := range m.Files {
				if !filepath.IsLocal(file.Name) {
					t.Fatal(file.Name)
				}
			}
		}
		var c cleanMarker
		_ = unseal(b, &c)
	})
}
