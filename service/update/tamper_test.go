package update

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
)

// useBundle opens a bundle and unpacks all it holds.
func useBundle(b []byte, trust Trust) error {
	o, err := OpenBundle(bytes.NewReader(b), int64(len(b)), trust)
	if err != nil {
		return err
	}
	for _, f := range o.Files {
		p := f.Packings[0]
		r, err := o.OpenPart(p.SHA256)
		if err == nil {
			err = unpack(io.Discard, r, p, nil, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// TestEveryByteOfABundleCounts alters each byte, and cuts at each length.
func TestEveryByteOfABundleCounts(t *testing.T) {
	m := newMaker(t)
	r := m.release(2, one)
	trust := m.trust()
	must(t, useBundle(r.bundle, trust))
	head := len(r.bundle) - int(r.Files[0].Packings[0].Size)
	for i := range r.bundle {
		if i > head && i%7 != 0 {
			continue // the part is one hash
		}
		b := bytes.Clone(r.bundle)
		b[i] ^= 1 << (i % 8)
		err := useBundle(b, trust)
		no := AsRefusal(err)
		if no == nil || no.Reason != ReasonDamaged && no.Reason != ReasonSource {
			t.Fatalf("byte %d of %d altered: %v", i, len(b), err)
		}
	}
	for n := 0; n < len(r.bundle); n += 1 + n/50 {
		err := useBundle(r.bundle[:n], trust)
		if no := AsRefusal(err); no == nil || no.Reason != ReasonDamaged {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(r.bundle), err)
		}
		_, err = StreamBundle(bytes.NewReader(r.bundle[:n]), trust, drain)
		if no := AsRefusal(err); no == nil || no.Reason != ReasonDamaged {
			t.Fatalf("streamed, cut to %d of %d bytes: %v", n, len(r.bundle), err)
		}
	}
	longer := append(bytes.Clone(r.bundle), 0)
	if err := useBundle(longer, trust); AsRefusal(err) == nil {
		t.Fatalf("a byte more: %v", err)
	}
	if _, err := StreamBundle(bytes.NewReader(longer), trust, drain); AsRefusal(err) == nil {
		t.Fatalf("streamed, a byte more: %v", err)
	}
}

func drain(_ Release, _ Part, r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// rehead puts other documents or parts into a bundle whose checksum fits: what
// somebody does who knows the format but has no keys.
func rehead(t *testing.T, r made, change func(manifest, sigs []byte, list []listed) ([]byte, []byte, []listed)) []byte {
	t.Helper()
	h, err := readHead(bytes.NewReader(r.bundle))
	must(t, err)
	manifest, sigs, list := change(bytes.Clone(h.manifest), bytes.Clone(h.signatures), slices.Clone(h.parts))
	var parts []Part
	for _, l := range list {
		parts = append(parts, Part{SHA256: l.sum, Size: int64(l.size)})
	}
	rest := bytes.NewReader(r.bundle[h.size:])
	var b bytes.Buffer
	err = WriteBundle(&b, manifest, sigs, parts, func(p Part) (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(rest, p.Size)), nil
	})
	if err != nil && !errors.Is(err, ErrFormat) {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestForgedBundles(t *testing.T) {
	m := newMaker(t)
	r := m.release(2, one)
	other := newMaker(t)
	other.signer = newSigner(t, 9)
	manifest := r.ManifestBytes()
	signed := func(keys ...*PrivateKey) []byte {
		var sigs []Signature
		for _, k := range keys {
			sigs = append(sigs, k.SignManifest(manifest))
		}
		b, err := NewSignatures(m.chain, sigs...).Bytes()
		must(t, err)
		return b
	}
	twice := m.keys[0].SignManifest(manifest)
	twiceBytes, err := NewSignatures(m.chain, twice, twice).Bytes()
	must(t, err)
	wrongDomain, err := NewSignatures(m.chain, m.keys[0].sign(domainKeySet, manifest), m.keys[1].sign(domainKeySet, manifest)).Bytes()
	must(t, err)
	for name, sigs := range map[string][]byte{
		"no signature":      signed(),
		"one of three":      signed(m.keys[0]),
		"one, twice":        twiceBytes,
		"one and a strange": signed(m.keys[0], other.keys[0]),
		"strange keys":      signed(other.keys...),
		"another domain":    wrongDomain,
		"another release":   other.release(2, one).SignatureBytes(),
	} {
		b := rehead(t, r, func(man, _ []byte, l []listed) ([]byte, []byte, []listed) { return man, sigs, l })
		if no := AsRefusal(useBundle(b, m.trust())); no == nil || no.Reason != ReasonUnsigned {
			t.Errorf("%s: %v", name, no)
		}
	}
	// Two of three are enough, in any pair.
	for i := range m.keys {
		sigs := signed(m.keys[i], m.keys[(i+1)%3])
		must(t, useBundle(rehead(t, r, func(man, _ []byte, l []listed) ([]byte, []byte, []listed) { return man, sigs, l }), m.trust()))
	}
	// Another manifest under the same signatures; a part that is not of the release.
	b := rehead(t, r, func(man, sigs []byte, l []listed) ([]byte, []byte, []listed) {
		return bytes.Replace(man, []byte(`"sequence": 2`), []byte(`"sequence": 9`), 1), sigs, l
	})
	if no := AsRefusal(useBundle(b, m.trust())); no == nil || no.Reason != ReasonUnsigned {
		t.Errorf("another manifest: %v", no)
	}
	b = rehead(t, r, func(man, sigs []byte, l []listed) ([]byte, []byte, []listed) {
		l[0].sum[3] ^= 1
		return man, sigs, l
	})
	if no := AsRefusal(useBundle(b, m.trust())); no == nil || no.Reason != ReasonDamaged {
		t.Errorf("another part: %v", no)
	}
	if no := AsRefusal(useBundle(r.bundle, Trust{})); no == nil || no.Reason != ReasonDevelopment {
		t.Errorf("a development build: %v", no)
	}
}

func TestKeysAreReplacedBySignedRotation(t *testing.T) {
	m := newMaker(t)
	old := m.trust()
	fresh := newSigner(t, 5)
	var public []PublicKey
	for _, k := range fresh.keys {
		public = append(public, k.Public())
	}
	next, err := NewKeySet(2, 2, public...)
	must(t, err)
	for name, signers := range map[string][]*PrivateKey{
		"only the new ones": fresh.keys,
		"only the old ones": m.keys,
		"one of the old":    {m.keys[0], fresh.keys[0], fresh.keys[1]},
	} {
		if _, err := m.chain.Rotate(next, signers...); !errors.Is(err, ErrUnsigned) {
			t.Errorf("%s: %v", name, err)
		}
	}
	before := m.release(2, one)
	m.chain, err = m.chain.Rotate(next, m.keys[0], m.keys[2], fresh.keys[0], fresh.keys[1])
	must(t, err)
	oldKeys := m.keys
	m.keys = fresh.keys
	m2 := *m
	after := m2.rotated(3)
	must(t, useBundle(after, old)) // a program with the first key set takes it
	if err := useBundle(before.bundle, NewTrust(next)); !errors.Is(err, ErrUnsigned) {
		t.Errorf("a program with the second set takes what the first signed: %v", err)
	}
	// A machine that has seen the second set wants it from then on.
	w := newMachine(t, newMaker(t), 1)
	w.trust = old
	s := w.store()
	b, err := OpenBundle(bytes.NewReader(after), int64(len(after)), old)
	must(t, err)
	must(t, s.StageBundle(context.Background(), b, Choice{}))
	p, _ := w.next(s)
	must(t, s.Confirmed(p))
	trust, err := s.Trust()
	must(t, err)
	m.keys, m.chain = oldKeys, m.chain[:1]
	stolen := m.release(4, one)
	if err := useBundle(stolen.bundle, trust); !errors.Is(err, ErrUnsigned) {
		t.Errorf("the replaced keys still count: %v", err)
	}
	refused(t, s.StageBundle(context.Background(), stolen.open(t, old), Choice{}), ReasonUnsigned)
}

// rotated makes a release with a rotated chain.
func (m *maker) rotated(sequence uint64) []byte {
	m.t.Helper()
	d := draft(m.t, sequence, DraftFile{System: testSystem, Kind: KindProgram, Path: writeFile(m.t, m.dir, "rotated", m.file(sequence))})
	p, err := Pack(context.Background(), d, m.dir)
	must(m.t, err)
	s, err := p.Sign(m.chain, m.keys[0], m.keys[1])
	must(m.t, err)
	var b bytes.Buffer
	must(m.t, p.Write(&b, s))
	return b.Bytes()
}

func TestBundleOfAnotherSystemOrKind(t *testing.T) {
	m := newMaker(t)
	r := m.release(2, one)
	newer := bytes.Clone(r.bundle)
	newer[6] = '9'
	if err := useBundle(newer, m.trust()); !errors.Is(err, ErrFormat) {
		t.Error(err)
	}
	huge := bytes.Clone(r.bundle)
	binary.LittleEndian.PutUint32(huge[8:], 1<<31)
	if err := useBundle(huge, m.trust()); !errors.Is(err, ErrFormat) {
		t.Error(err)
	}
}
