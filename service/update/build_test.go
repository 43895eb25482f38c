package update

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// signer is a set of keys for tests, the same every time.
type signer struct {
	keys  []*PrivateKey
	chain Chain
}

func newSigner(t testing.TB, seed byte) signer {
	t.Helper()
	var s signer
	var public []PublicKey
	for i := range byte(3) {
		k := testKey(seed*16 + i)
		s.keys = append(s.keys, k)
		public = append(public, k.Public())
	}
	set, err := NewKeySet(1, 2, public...)
	must(t, err)
	s.chain, err = NewChain(set)
	must(t, err)
	return s
}

func (s signer) trust() Trust { return NewTrust(s.chain[0].Keys) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// program is bytes that look like a program to a compressor: a build differs
// from the one before in a few places.
func program(size int, changes ...byte) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(rng.IntN(64))
	}
	for i, c := range changes {
		copy(b[(i+1)*size/(len(changes)+2):], bytes.Repeat([]byte{c}, 100))
	}
	return b
}

func draft(t testing.TB, sequence uint64, files ...DraftFile) Draft {
	t.Helper()
	released := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	return Draft{
		Channel: "stable", Sequence: sequence, Version: "1.0." + string('0'+rune(sequence%10)), Commit: "0123456789ab",
		Released: released, Expires: released.AddDate(2, 0, 0), Formats: ThisFormats,
		Requires: Requires{RAM: 1 << 30, FreeDisk: 1 << 20, OSMin: []OSMin{{"linux", "4.19"}, {"windows", "10.0.10240"}}},
		Files:    files,
	}
}

func writeFile(t testing.TB, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, b, 0o755))
	return path
}

func TestBundleCarriesWholeAndPatch(t *testing.T) {
	dir, parts := t.TempDir(), t.TempDir()
	old, file := program(300_000), program(300_000, 7, 9)
	s := newSigner(t, 1)
	d := draft(t, 2, DraftFile{System: "linux/amd64", Kind: KindProgram,
		Path: writeFile(t, dir, "new", file), Older: []string{writeFile(t, dir, "old", old)}})
	name := filepath.Join(dir, "x"+BundleExt)
	packed, err := BuildBundle(context.Background(), d, parts, name, s.chain, s.keys[0], s.keys[2])
	must(t, err)
	f := packed.Manifest.Files[0]
	if len(f.Packings) != 2 || f.Packings[1].Size > f.Packings[0].Size/10 {
		t.Fatalf("packings: %+v", f.Packings)
	}
	b, closer, err := OpenBundleFile(name, s.trust())
	must(t, err)
	defer closer.Close()
	for i, p := range f.Packings {
		r, err := b.OpenPart(p.SHA256)
		must(t, err)
		var got bytes.Buffer
		must(t, unpack(&got, r, p, [][]byte{nil, old}[i], f))
		if !bytes.Equal(got.Bytes(), file) {
			t.Fatalf("packing %d gives another file", i)
		}
	}
	_, err = b.OpenPart(Hash{1})
	if !errors.Is(err, ErrNoPart) {
		t.Fatalf("a part that is not there: %v", err)
	}
}

func TestBuildingTwiceGivesTheSameBytes(t *testing.T) {
	s := newSigner(t, 1)
	var bundles [2][]byte
	for i := range bundles {
		dir := t.TempDir()
		d := draft(t, 2, DraftFile{System: "linux/amd64", Kind: KindProgram,
			Path: writeFile(t, dir, "new", program(1_000_000, 1)), Older: []string{writeFile(t, dir, "old", program(1_000_000))}})
		name := filepath.Join(dir, "x"+BundleExt)
		_, err := BuildBundle(context.Background(), d, t.TempDir(), name, s.chain, s.keys[0], s.keys[1])
		must(t, err)
		bundles[i], err = os.ReadFile(name)
		must(t, err)
	}
	if !bytes.Equal(bundles[0], bundles[1]) {
		t.Fatal("two runs differ")
	}
}

func TestStreamedBundleIsTheSame(t *testing.T) {
	dir := t.TempDir()
	s := newSigner(t, 1)
	d := draft(t, 3, DraftFile{System: "linux/amd64", Kind: KindProgram, Path: writeFile(t, dir, "a", program(10_000))},
		DraftFile{System: "windows/amd64", Kind: KindProgram, Path: writeFile(t, dir, "b", program(10_000, 3))})
	name := filepath.Join(dir, "x"+BundleExt)
	_, err := BuildBundle(context.Background(), d, t.TempDir(), name, s.chain, s.keys...)
	must(t, err)
	all, err := os.ReadFile(name)
	must(t, err)
	var systems []string
	rel, err := StreamBundle(bytes.NewReader(all), s.trust(), func(_ Release, p Part, r io.Reader) error {
		systems = append(systems, p.System)
		_, err := io.Copy(io.Discard, r)
		return err
	})
	must(t, err)
	if rel.Sequence != 3 || len(systems) != 2 || systems[1] != "windows/amd64" {
		t.Fatalf("release %d, parts of %v", rel.Sequence, systems)
	}
}

// TestPiecesOverTheirEdges: files of more than one piece, longer and shorter
// than the older one.
func TestPiecesOverTheirEdges(t *testing.T) {
	const step = 64 << 10
	old := program(step + step/2)
	for _, file := range [][]byte{
		program(step+step/2, 5),
		append(bytes.Repeat([]byte{9}, 500), old...), // all of it moved
		old[:100],
		append(bytes.Clone(old), old[:step]...),
		append(bytes.Clone(old), bytes.Repeat([]byte{3}, 5*step)...),
	} {
		var patch bytes.Buffer
		must(t, packPieces(&patch, bytes.NewReader(old), int64(len(old)), bytes.NewReader(file), int64(len(file)), step))
		sum, n, _ := hashOf(bytes.NewReader(file))
		part, partSize, _ := hashOf(bytes.NewReader(patch.Bytes()))
		if partSize > n/5+500 { // what moved far is carried again
			t.Errorf("%d bytes of patch for %d", partSize, n)
		}
		var got bytes.Buffer
		must(t, unpackPieces(&got, &patch, Packing{Encoding: EncodingPieces, Size: partSize, SHA256: part}, bytes.NewReader(old), ManifestFile{Size: n, SHA256: sum}))
		if !bytes.Equal(got.Bytes(), file) {
			t.Error("another file")
		}
	}
}

// TestPieceIsAsLongAsItSays: every length is given back whole, with and without a
// region, and a frame that swells is stopped at the length its head states.
func TestPieceIsAsLongAsItSays(t *testing.T) {
	piece := func(region, file []byte, says int) ([]byte, error) {
		frame, err := packPatch(region, file)
		must(t, err)
		head := make([]byte, 8)
		for _, n := range []int{len(region), says, len(frame)} {
			head = binary.LittleEndian.AppendUint32(head, uint32(n))
		}
		return unpackPiece(bytes.NewReader(append(head, frame...)), bytes.NewReader(region), pieceSize)
	}
	old := program(3000)
	for _, n := range []int{1, 255, 256, 65536, 200_000} {
		for _, region := range [][]byte{nil, old} {
			file := program(n)
			if got, err := piece(region, file, n); err != nil || !bytes.Equal(got, file) {
				t.Fatalf("%d bytes from %d: %d, %v", n, len(region), len(got), err)
			}
			if _, err := piece(region, file, n+1); err == nil {
				t.Errorf("%d bytes in place of %d are taken", n, n+1)
			}
		}
	}
	if _, err := piece(old, make([]byte, 4<<20), 1); !errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		t.Errorf("a byte that swells to 4 MiB: %v", err)
	}
}
