package update

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
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
// a release or a file that was not signed; both readers take the same bundles.
func FuzzBundle(f *testing.F) {
	seeds(f, "bundle1"+BundleExt)
	golden, err := os.ReadFile(filepath.Join("testdata", "bundle1"+BundleExt))
	if err != nil {
		f.Fatal(err)
	}
	trust := newSigner(f, 1).trust()
	signed, err := OpenBundle(bytes.NewReader(golden), int64(len(golden)), trust)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(withoutParts(golden))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, fixSum(b)} {
			manifest, err := readBundle(b, trust)
			if err == nil && !bytes.Equal(manifest, signed.ManifestBytes()) {
				t.Fatal("a release that nobody made is taken")
			}
			_, serr := StreamBundle(bytes.NewReader(b), trust, drain)
			if (err == nil) != (serr == nil) {
				t.Fatalf("opened: %v, streamed: %v", err, serr)
			}
		}
	})
}

// readBundle opens a bundle, reads every part that it holds and returns the
// manifest.
func readBundle(b []byte, trust Trust) ([]byte, error) {
	o, err := OpenBundle(bytes.NewReader(b), int64(len(b)), trust)
	if err != nil {
		return nil, err
	}
	for _, p := range o.Parts() {
		r, err := o.OpenPart(p.SHA256)
		if err != nil {
			return nil, err
		}
		if sum, n, err := hashOf(r); err != nil || sum != p.SHA256 || n != p.Size {
			return nil, errors.Join(ErrFormat, err)
		}
	}
	return o.ManifestBytes(), nil
}

// sumAt is where the sum of a bundle's beginning stands; false when it is cut.
func sumAt(b []byte) (int, bool) {
	if len(b) < bundleFixed {
		return 0, false
	}
	at := uint64(bundleFixed)
	for i, each := range []uint64{1, 1, bundleEntry} {
		at += each * uint64(binary.LittleEndian.Uint32(b[8+4*i:]))
	}
	return int(min(at, 1<<30)), at+4 <= uint64(len(b))
}

// fixSum makes the sum fit, which stops nearly everything.
func fixSum(b []byte) []byte {
	b = bytes.Clone(b)
	if at, ok := sumAt(b); ok {
		binary.LittleEndian.PutUint32(b[at:], crc32.Checksum(b[:at], castagnoli))
	}
	return b
}

// withoutParts is the bundle with its documents alone, which is one too.
func withoutParts(b []byte) []byte {
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[16:], 0)
	at, _ := sumAt(b)
	return fixSum(b[:at+4])
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
