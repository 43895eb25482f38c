package journal

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

func seedFile(f *testing.F, name string) []byte {
	f.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		f.Fatal(err)
	}
	return b
}

// FuzzEnvelope: what parses is exactly what Append writes.
func FuzzEnvelope(f *testing.F) {
	for line := range bytes.Lines(seedFile(f, "envelopes-v1.txt")) {
		f.Add(bytes.TrimSpace(line))
	}
	f.Add([]byte{0x12, 1, 2, 3})
	f.Fuzz(func(t *testing.T, head []byte) {
		e, err := ParseEnvelope(head)
		if err != nil {
			return
		}
		if got := e.Append(nil); !bytes.Equal(got, head) || len(got) > MaxHead {
			t.Fatalf("%x parses to %+v, which is written %x", head, e, got)
		}
	})
}

// FuzzRecord: what parses is exactly what AppendRecord writes.
func FuzzRecord(f *testing.F) {
	f.Add(seedFile(f, "records-v1.bin"))
	f.Add([]byte{1, 0, 0x10})
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		rest := b
		for seq := Seq(1); len(rest) > 0; seq++ {
			rec, r, err := ParseRecord(rest, seq)
			if err != nil {
				break
			}
			again, rest = AppendRecord(again, rec), r
		}
		if !bytes.Equal(again, b[:len(b)-len(rest)]) {
			t.Fatal("a record has two encodings")
		}
	})
}

// FuzzGenesis: what parses is exactly what Marshal writes, and is signed.
func FuzzGenesis(f *testing.F) {
	f.Add(seedFile(f, "genesis-v1.txg"))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := ParseGenesis(b)
		if err != nil {
			return
		}
		if !bytes.Equal(g.Marshal(), b) || g.Verify() != nil {
			t.Fatal("a genesis has two encodings")
		}
	})
}

// FuzzSegment puts any bytes behind a good header, and any plain bytes into a
// sound frame, and wants an end, without a panic, and ranges that make sense.
func FuzzSegment(f *testing.F) {
	seg := seedFile(f, "journal-v1/00000001.txj")
	f.Add(seg[headerLen:], []byte{}, uint16(1))
	f.Add(seg[headerLen:len(seg)-trailerLen-3], []byte{}, uint16(1))
	f.Add(make([]byte, 2000), seedFile(f, "records-v1.bin"), uint16(5))
	f.Add(append(make([]byte, 30), seg[headerLen+120:]...), []byte{1, 0, 0x10}, uint16(1))
	h, err := parseHeader(seg)
	if err != nil {
		f.Fatal(err)
	}
	s, err := newSealer(h, Key{ID: 5, Bytes: [32]byte{9, 8, 7}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, rest, plain []byte, count uint16) {
		b := bytes.Clone(seg[:headerLen])
		if n := int(count); n > 0 && n <= MaxGroup && len(plain) > 0 && len(plain) <= MaxFrame {
			b = s.seal(b, h.first, n, plain)
		}
		b = append(b, rest...)
		size := int64(len(b))
		in, err := inspect(context.Background(), b, h, s, Secret{})
		if err != nil {
			t.Fatal(err)
		}
		if in.end < headerLen || in.end > size || in.last+1 < h.first || in.chain.Seq < in.last && in.ending != endBad {
			t.Fatalf("%+v", in)
		}
		for _, d := range in.damage {
			if d.Offset < headerLen || d.Length < 0 || d.Offset+d.Length > size || d.To < d.From {
				t.Fatalf("%+v", d)
			}
		}
		if in.ending == endBad && len(in.damage) == 0 {
			t.Fatal("damage without a place")
		}
	})
}
