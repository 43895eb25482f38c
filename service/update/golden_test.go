package update

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files of formats that are not frozen yet")

// golden compares with a file that every later program must still read.
func golden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		must(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Fatalf("%s differs from what was written before:\n%s", name, got)
	}
	return want
}

// steady makes the bytes that a test of a format is about: always the same.
type zeros byte

func (z zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(z)
	}
	return len(p), nil
}

func goldenManifest() Manifest {
	m := Manifest{
		Format: manifestFormat, FormatV: 1, Product: product, Channel: "stable", Sequence: 42, Version: "1.2.0", Commit: "0123456789abcdef",
		Released: day.AddDate(0, 0, -2), Expires: day.AddDate(2, 0, 0), MinFrom: 30, Formats: Formats{Reads: [2]int{1, 3}, Writes: 2},
		Requires: Requires{OSMin: []OSMin{{"linux", "4.19"}, {"windows", "10.0.10240"}}, FreeDisk: 1 << 28, RAM: 1 << 31},
		Files: []ManifestFile{
			{System: "linux/amd64", Kind: KindProgram, Size: 15 << 20, SHA256: Hash{1}, Packings: []Packing{
				{Encoding: EncodingZstd, Size: 5 << 20, SHA256: Hash{2}}, {Encoding: EncodingPatch, From: Hash{3}, Size: 4000, SHA256: Hash{4}}}},
			{System: "image/amd64", Kind: KindRoot, Size: 140 << 20, SHA256: Hash{5}, Packings: []Packing{{Encoding: EncodingZstd, Size: 139 << 20, SHA256: Hash{6}}}},
		},
	}
	return m
}

func goldenState() State {
	st := New(Installed{Sequence: 40, Version: "1.0.0", SHA256: Hash{9}, Size: 15 << 20, Formats: one}, factoryPath)
	st, _ = Step(st, day, Staged{Slot: SlotA, Program: Installed{Sequence: 42, Version: "1.2.0", SHA256: Hash{1}, Size: 15 << 20, Formats: oneTwo}})
	st, _ = Step(st, day, Start{})
	st, _ = Step(st, day, Confirmed{SHA256: Hash{1}})
	st, _ = Step(st, day, Staged{Slot: SlotB, Program: Installed{Sequence: 43, Version: "1.3.0", SHA256: Hash{7}, Size: 16 << 20, Formats: oneTwo}})
	st, _ = Step(st, day, Start{})
	st, _ = Step(st, day, Failed{SHA256: Hash{7}, Reason: text("Phiên bản %s không chạy được: %s.", "version %s did not work: %s", "1.3.0", "said nothing for 60 s")})
	return st
}

func TestGoldenFormats(t *testing.T) {
	s := newSigner(t, 1)
	keys := s.chain[0].Keys
	got, err := ParseKeySet(golden(t, "keyset1.json", keys.Bytes()))
	must(t, err)
	if got.Hash() != keys.Hash() {
		t.Fatal("another key set")
	}

	manifest, err := goldenManifest().Bytes()
	must(t, err)
	m, err := ParseManifest(golden(t, "manifest1.json", manifest))
	must(t, err)
	if m.Sequence != 42 || len(m.Parts()) != 3 {
		t.Fatalf("%+v", m)
	}

	next, err := NewKeySet(2, 2, testKey(100).Public(), testKey(101).Public(), s.keys[0].Public())
	must(t, err)
	chain, err := s.chain.Rotate(next, s.keys[0], s.keys[1], testKey(100))
	must(t, err)
	b, err := chain.Bytes()
	must(t, err)
	_, err = ParseChain(golden(t, "chain1.json", b))
	must(t, err)

	sigs, err := NewSignatures(chain, testKey(100).SignManifest(manifest), testKey(101).SignManifest(manifest)).Bytes()
	must(t, err)
	if _, err = s.trust().Verify(manifest, golden(t, "signatures1.json", sigs)); err != nil {
		t.Fatal(err)
	}

	sealed, err := s.keys[0].seal("bốn từ dễ nhớ", 1, 64, zeros(7))
	must(t, err)
	k, err := OpenPrivateKey(golden(t, "privatekey1.json", sealed), "bốn từ dễ nhớ")
	must(t, err)
	if k.Public() != s.keys[0].Public() {
		t.Fatal("another key")
	}

	state, err := goldenState().marshal()
	must(t, err)
	st, err := parseState(golden(t, "state1.json", state))
	must(t, err)
	if st.Trial == nil || st.Trial.Failures != 1 || st.Highest != 42 {
		t.Fatalf("%+v", st)
	}
}

// TestGoldenBundle: the file in testdata was written by an earlier program,
// with its own compressor; it must open for ever.
func TestGoldenBundle(t *testing.T) {
	name := filepath.Join("testdata", "bundle1"+BundleExt)
	if *rewrite {
		b := newMaker(t).release(7, oneTwo).bundle
		must(t, os.WriteFile(name, b, 0o644))
	}
	b, closer, err := OpenBundleFile(name, newSigner(t, 1).trust())
	must(t, err)
	defer closer.Close()
	f := b.Files[0]
	r, err := b.OpenPart(f.Packings[0].SHA256)
	must(t, err)
	var got bytes.Buffer
	must(t, unpack(&got, r, f.Packings[0], nil, f))
	if b.Sequence != 7 || got.Len() != 3000 {
		t.Fatalf("release %d with %d bytes", b.Sequence, got.Len())
	}
}
