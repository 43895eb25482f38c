package update

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// seeds gives the golden files to a fuzzer.
func seeds(f *testing.F, names ...string) {
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
}

// FuzzDocuments: whatever a decoder takes, it writes again byte for byte.
func FuzzDocuments(f *testing.F) {
	seeds(f, "keyset1.json", "manifest1.json", "signatures1.json", "chain1.json", "state1.json", "privatekey1.json")
	f.Fuzz(func(t *testing.T, b []byte) {
		same := func(again []byte, err error) {
			if err != nil || !bytes.Equal(again, b) {
				t.Fatalf("read and written again: %v\n%s\n%s", err, b, again)
			}
		}
		if s, err := ParseKeySet(b); err == nil {
			same(s.Bytes(), nil)
		}
		if m, err := ParseManifest(b); err == nil {
			same(m.Bytes())
		}
		if s, err := ParseSignatures(b); err == nil {
			same(s.Bytes())
		}
		if c, err := ParseChain(b); err == nil {
			same(c.Bytes())
		}
		if s, err := parseState(b); err == nil {
			same(s.marshal())
		}
		if k, err := parseKeyFile(b); err == nil {
			same(canonical(k))
		}
	})
}

// FuzzBundle: no bytes make the readers panic, read beyond their bounds, or give
// a file that was not signed.
func FuzzBundle(f *testing.F) {
	seeds(f, "bundle1"+BundleExt)
	golden, err := os.ReadFile(filepath.Join("testdata", "bundle1"+BundleExt))
	if err != nil {
		f.Fatal(err)
	}
	trust := newSigner(f, 1).trust()
	f.Fuzz(func(t *testing.T, b []byte) {
		err := useBundle(b, trust)
		if err == nil && !bytes.Equal(b, golden) {
			t.Fatal("a bundle that nobody made is taken")
		}
		_, serr := StreamBundle(bytes.NewReader(b), trust, drain)
		if (err == nil) != (serr == nil) {
			t.Fatalf("opened: %v, streamed: %v", err, serr)
		}
	})
}

// FuzzUnpack: a part is what was signed, or an error; never more bytes than the
// file has.
func FuzzUnpack(f *testing.F) {
	old := program(2000)
	patch, err := packPatch(old, program(2000, 4))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(patch, true)
	var whole bytes.Buffer
	if err := packWhole(&whole, bytes.NewReader(old)); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes(), false)
	f.Fuzz(func(t *testing.T, part []byte, asPatch bool) {
		sum, _, _ := hashOf(bytes.NewReader(part))
		p := Packing{Encoding: EncodingZstd, Size: int64(len(part)), SHA256: sum}
		var dict []byte
		if asPatch {
			p.Encoding, dict = EncodingPatch, old
		}
		n := &countingWriter{}
		want := ManifestFile{Size: 2000, SHA256: Hash{1}} // no bytes have this hash
		if unpack(n, bytes.NewReader(part), p, dict, want) == nil {
			t.Fatal("taken")
		}
		if n.n > want.Size+1 {
			t.Fatalf("%d bytes were written for a file of %d", n.n, want.Size)
		}
	})
}

// FuzzPieces is FuzzUnpack for parts in pieces.
func FuzzPieces(f *testing.F) {
	old := program(2000)
	var patch bytes.Buffer
	if err := packPieces(&patch, bytes.NewReader(old), 2000, bytes.NewReader(program(2000, 4)), 2000, pieceSize); err != nil {
		f.Fatal(err)
	}
	f.Add(patch.Bytes())
	f.Fuzz(func(t *testing.T, part []byte) {
		sum, _, _ := hashOf(bytes.NewReader(part))
		p := Packing{Encoding: EncodingPieces, Size: int64(len(part)), SHA256: sum}
		n := &countingWriter{}
		want := ManifestFile{Size: 2000, SHA256: Hash{1}} // no bytes have this hash
		if unpackPieces(n, bytes.NewReader(part), p, bytes.NewReader(old), want) == nil {
			t.Fatal("taken")
		}
		if n.n > want.Size {
			t.Fatalf("%d bytes were written for a file of %d", n.n, want.Size)
		}
	})
}

type countingWriter struct{ n int64 }

func (c *countingWriter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

var _ io.Writer = (*countingWriter)(nil)
