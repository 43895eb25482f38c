package batch

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"tramxa/appliance/journal"
)

var testSigner = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

// records makes n plausible records: canonical tuples mostly, some odd bodies.
func records(first journal.Seq, n int, seed uint64) []journal.Record {
	rng := rand.New(rand.NewPCG(seed, 1))
	recs := make([]journal.Record, n)
	at := int64(1_772_000_000)
	for i := range recs {
		at += int64(rng.IntN(900))
		e := journal.Envelope{Trusted: true, At: at, Kind: uint16(1 + rng.IntN(4)), Version: 1, Actor: 3, Device: 2, DeviceSeq: uint64(first) + uint64(i)}
		recs[i] = journal.Record{Seq: first + journal.Seq(i), Head: e.Append(nil), Body: body(rng, int(e.Kind), i)}
	}
	return recs
}

func source(recs []journal.Record) Source {
	return Source{
		Origin:  journal.Origin{Station: 7, Epoch: 2, Lane: 0, Mint: 12},
		Secret:  journal.Secret{1, 2, 3},
		PreHash: journal.Hash{9, 9, 9},
		Records: recs,
	}
}

func mustEncode(t testing.TB, src Source) []byte {
	t.Helper()
	b, err := Encode(src, testSigner)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func equal(a, b []journal.Record) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d records, want %d", len(b), len(a))
	}
	for i := range a {
		if a[i].Seq != b[i].Seq || !bytes.Equal(a[i].Head, b[i].Head) || !bytes.Equal(a[i].Body, b[i].Body) {
			return fmt.Errorf("record %d differs", a[i].Seq)
		}
	}
	return nil
}

func TestRecordsComeBackByteForByte(t *testing.T) {
	pub := testSigner.Public().(ed25519.PublicKey)
	for _, n := range []int{1, 2, 10, 300, MaxRecords} {
		src := source(records(41, n, uint64(n)))
		enc := mustEncode(t, src)
		b, err := Decode(enc)
		if err != nil {
			t.Fatalf("%d records: %v", n, err)
		}
		if err := equal(src.Records, b.Records); err != nil {
			t.Fatalf("%d records: %v", n, err)
		}
		if err := b.Verify(pub, src.Secret); err != nil {
			t.Fatal(err)
		}
		if b.Origin != src.Origin || b.First != 41 || b.Last != 40+journal.Seq(n) || b.PreHash != src.PreHash {
			t.Fatalf("header %+v", b.Header)
		}
		if again := mustEncode(t, src); !bytes.Equal(again, enc) {
			t.Fatal("encoding the same records twice gave other bytes")
		}
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	pub := testSigner.Public().(ed25519.PublicKey)
	for _, n := range []int{1, 12, 60} {
		enc := mustEncode(t, source(records(1, n, 5)))
		for bit := range len(enc) * 8 {
			enc[bit/8] ^= 1 << (bit % 8)
			if _, err := Inspect(enc, pub); err == nil {
				t.Fatalf("bit %d of %d flipped and the batch is still good", bit, len(enc)*8)
			}
			enc[bit/8] ^= 1 << (bit % 8)
		}
	}
}

func TestTrailingAndMissingBytesAreRefused(t *testing.T) {
	enc := mustEncode(t, source(records(1, 20, 3)))
	for n := range len(enc) {
		if _, err := Decode(enc[:n]); err == nil {
			t.Fatalf("cut at %d of %d and still a batch", n, len(enc))
		}
	}
	if _, err := Decode(append(enc, 0)); err == nil {
		t.Fatal("a byte behind the batch was taken")
	}
}

func TestVerifyNamesTheCause(t *testing.T) {
	src := source(records(1, 5, 3))
	b, err := Decode(mustEncode(t, src))
	if err != nil {
		t.Fatal(err)
	}
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)).Public().(ed25519.PublicKey)
	if err := b.Verify(other, src.Secret); !errors.Is(err, ErrSignature) {
		t.Fatalf("foreign key: %v", err)
	}
	if err := b.Verify(testSigner.Public().(ed25519.PublicKey), journal.Secret{4}); !errors.Is(err, ErrChain) {
		t.Fatalf("foreign secret: %v", err)
	}
	b.Records[2].Body = append([]byte{1}, b.Records[2].Body...)
	if err := b.VerifyChain(src.Secret); !errors.Is(err, ErrChain) {
		t.Fatalf("changed body: %v", err)
	}
}

func TestEncodeRefusesWhatIsNoSequence(t *testing.T) {
	recs := records(1, 3, 3)
	recs[2].Seq = 9
	for _, bad := range [][]journal.Record{nil, recs, {{Seq: 0, Head: []byte{16}}}, {{Seq: 1}}, records(1, MaxRecords+1, 1)} {
		if _, err := Encode(source(bad), testSigner); err == nil {
			t.Fatalf("%d records were taken", len(bad))
		}
	}
}

func TestCutKeepsItsLimits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var noise []journal.Record
	for i := range 30 {
		body := make([]byte, 40<<10)
		for j := range body {
			body[j] = byte(rng.Uint32())
		}
		noise = append(noise, journal.Record{Seq: journal.Seq(i + 1), Head: []byte{0x10}, Body: body})
	}
	for _, tc := range []struct {
		recs   []journal.Record
		limits Limits
	}{
		{records(1, 3000, 1), Limits{}},
		{records(1, 150, 1), Limits{Records: 17}},
		{records(1, 300, 1), Limits{Packed: 4096}},
		{records(1, 300, 1), Limits{Raw: 5000}},
		{noise, Limits{}},
		{noise[:3], Limits{Packed: 100}},
	} {
		left, pre := tc.recs, journal.Hash{}
		for len(left) > 0 {
			src := source(left)
			src.PreHash = pre
			enc, n, err := Cut(src, testSigner, tc.limits)
			if err != nil {
				t.Fatal(err)
			}
			b, err := Decode(enc)
			if err != nil {
				t.Fatal(err)
			}
			if err := equal(left[:n], b.Records); err != nil {
				t.Fatal(err)
			}
			l := tc.limits.orDefault()
			if n > 1 && (len(enc) > l.Packed || b.Raw > l.Raw || n > l.Records) {
				t.Fatalf("batch of %d records, %d raw, %d packed exceeds %+v", n, b.Raw, len(enc), l)
			}
			left, pre = left[n:], b.PostHash
		}
	}
}
