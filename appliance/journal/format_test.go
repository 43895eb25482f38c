package journal_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"tramxa/appliance/journal"
)

func envelopes() []journal.Envelope {
	return []journal.Envelope{
		{},
		{Class: journal.ClassSensitive, Trusted: true, At: 1_790_000_000, Kind: 3, Version: 1, Actor: 2, Device: 3, DeviceSeq: 4711},
		{At: -1, Kind: 9, Version: 2, Offset: -3600},
		{At: 1_790_000_000, Kind: 1, Version: 1, Op: 77, Base: 1234},
		{Class: 3, Trusted: true, At: math.MinInt64, Offset: math.MinInt32, Kind: math.MaxUint16, Version: math.MaxUint8,
			Actor: math.MaxUint32, Device: math.MaxUint32, DeviceSeq: math.MaxUint64, Op: math.MaxUint64, Base: math.MaxUint64},
	}
}

func TestEnvelopesAreSmallAndComeBack(t *testing.T) {
	for i, e := range envelopes() {
		head := e.Append(nil)
		if got, err := journal.ParseEnvelope(head); err != nil || got != e {
			t.Errorf("%+v came back as %+v, %v", e, got, err)
		}
		if len(head) > journal.MaxHead {
			t.Errorf("%d bytes", len(head))
		}
		if i == 1 && len(head) > 14 {
			t.Errorf("an ordinary head has %d bytes, at most 14 are wanted", len(head))
		}
		if journal.ClassOf(head) != e.Class {
			t.Errorf("class %d", journal.ClassOf(head))
		}
	}
}

func TestEnvelopeRefusesWhatIsNotCanonical(t *testing.T) {
	good := envelopes()[1].Append(nil)
	for name, head := range map[string][]byte{
		"empty":            {},
		"version 0":        {0x00},
		"newer version":    append([]byte{good[0]&0x0f | 2<<4}, good[1:]...),
		"reserved bit":     append([]byte{good[0] | 8}, good[1:]...),
		"zero at the end":  append(bytes.Clone(good), 0),
		"long form":        {0x10, 0x81, 0x00},
		"cut in a number":  {0x10, 0x81},
		"kind too large":   {0x10, 1, 0x80, 0x80, 4},
		"tenth field":      {0x10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		"offset too large": {0x10, 1, 1, 1, 1, 1, 1, 1, 1, 0x80, 0x80, 0x80, 0x80, 0x10},
		"too long":         make([]byte, journal.MaxHead+1),
	} {
		if e, err := journal.ParseEnvelope(head); !errors.Is(err, journal.ErrFormat) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestRecordWithANewerEnvelopeIsCarried(t *testing.T) {
	rec := journal.Record{Seq: 8, Head: []byte{0x25, 0xff, 0xff}, Body: []byte("body")}
	got, rest, err := journal.ParseRecord(journal.AppendRecord(nil, rec), 8)
	if err != nil || len(rest) != 0 || !bytes.Equal(got.Head, rec.Head) || !bytes.Equal(got.Body, rec.Body) {
		t.Fatalf("%+v, %v", got, err)
	}
	if journal.ClassOf(got.Head) != journal.ClassSensitive {
		t.Error("the class of a newer envelope must stay readable")
	}
	if _, err := got.Envelope(); !errors.Is(err, journal.ErrFormat) {
		t.Error(err)
	}
}

// TestChainIsWhatTheDesignSays computes the chain a second time, by hand.
func TestChainIsWhatTheDesignSays(t *testing.T) {
	g, secret := genesis(), journal.Secret{1, 1, 2, 3, 5}
	sum := sha256.Sum256(g.Marshal())
	want := sha256.Sum256(append([]byte("tramxa chain base v1\x00\x00\x00\x0c\x00\x00\x00\x03\x01"), sum[:]...))
	chain := journal.Chain{Secret: secret, Lane: journal.LaneAccess, Hash: journal.Base(g, journal.LaneAccess)}
	if chain.Hash != want {
		t.Fatal("base")
	}
	for seq := uint64(1); seq <= 3; seq++ {
		head, body := []byte{0x10, byte(seq)}, bytes.Repeat([]byte{5}, int(seq))
		be := binary.BigEndian.AppendUint64(nil, seq)
		mac := hmac.New(sha256.New, secret[:])
		mac.Write(append([]byte("tramxa salt v1\x01"), be...))
		bodyHash := sha256.Sum256(append(mac.Sum(nil)[:16], body...))
		m := append(append(bytes.Clone(want[:]), be...), 2)
		want = sha256.Sum256(append(append(m, head...), bodyHash[:]...))
		withheld := chain
		if chain.Add(head, body) != want || chain.Seq != journal.Seq(seq) {
			t.Fatalf("chain at %d", seq)
		}
		if withheld.AddHashed(head, bodyHash) != want {
			t.Fatal("a withheld body must not break the chain")
		}
	}
}

func TestGenesisComesBackAndRefusesChange(t *testing.T) {
	g := genesis()
	b := g.Marshal()
	got, err := journal.ParseGenesis(b)
	if err != nil || !bytes.Equal(got.Marshal(), b) || got.Unit != "23764" || got.Parents[0] != g.Parents[0] {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := range b {
		c := bytes.Clone(b)
		c[i] ^= 1
		if _, err := journal.ParseGenesis(c); err == nil {
			t.Errorf("byte %d changed and accepted", i)
		}
		if _, err := journal.ParseGenesis(b[:i]); !errors.Is(err, journal.ErrFormat) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	if _, err := journal.ParseGenesis(append(b, 0)); !errors.Is(err, journal.ErrFormat) {
		t.Errorf("longer: %v", err)
	}
}

func TestGenesisOutOfBoundsIsRefusedEvenWhenSigned(t *testing.T) {
	for name, edit := range map[string]func(*journal.Genesis){
		"lane":      func(g *journal.Genesis) { g.Origin.Lane = journal.LaneAccess },
		"epoch 0":   func(g *journal.Genesis) { g.Origin.Epoch = 0 },
		"unit":      func(g *journal.Genesis) { g.Unit = "23 64" },
		"long unit": func(g *journal.Genesis) { g.Unit = "12345678901234567" },
		"parents":   func(g *journal.Genesis) { g.Parents = make([]journal.Parent, 65) },
	} {
		g := genesis()
		edit(&g)
		g.Sign(signer)
		if err := g.Verify(); !errors.Is(err, journal.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := journal.ParseGenesis(g.Marshal()); err == nil && name != "lane" { // the lane is not written
			t.Errorf("%s: parsed", name)
		}
	}
	unsigned := genesis()
	unsigned.Signature = nil
	if err := unsigned.Verify(); !errors.Is(err, journal.ErrFormat) {
		t.Errorf("unsigned: %v", err)
	}
}

func TestSizeOfADraftBoundsItsRecord(t *testing.T) {
	for _, e := range envelopes() {
		for _, n := range []int{0, 1, 200, journal.MaxBody} {
			d := journal.Draft{Envelope: e, Body: make([]byte, n)}
			got := len(journal.AppendRecord(nil, journal.Record{Head: e.Append(nil), Body: d.Body}))
			if got > d.Size() || d.Size() > got+journal.MaxHead+8 {
				t.Errorf("a record of %d bytes, size says %d", got, d.Size())
			}
		}
	}
}
