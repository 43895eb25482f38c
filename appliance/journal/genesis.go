package journal

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
)

// Encoded genesis, version 1, frozen; numbers big-endian:
//
//	magic "TXG1" · version u8 (1) · station u32 · epoch u32 · mint u32
//	unit length u8 (≤16) · unit, ASCII digits · created i64 · checkpoint 32
//	parents u8 (≤64) · each {station u32 · epoch u32 · last u64 · hash 32}
//	key 32 · signature 64, Ed25519 by key over all bytes before it
const (
	genesisMagic   = "TXG1"
	genesisVersion = 1
	maxUnit        = 16
	maxParents     = 64
	parentLen      = 4 + 4 + 8 + 32
	// MaxGenesis is the length in bytes of the longest encoded genesis.
	MaxGenesis = 4 + 1 + 12 + 1 + maxUnit + 8 + 32 + 1 + maxParents*parentLen + ed25519.PublicKeySize + ed25519.SignatureSize
)

// ErrSignature means that a signature does not fit what it signs.
var ErrSignature = errors.New("signature does not verify")

// Sign sets Key and Signature.
func (g *Genesis) Sign(priv ed25519.PrivateKey) {
	g.Key = priv.Public().(ed25519.PublicKey)
	g.Signature = ed25519.Sign(priv, g.unsigned())
}

// Verify checks the bounds of the fields (ErrFormat) and the signature by the
// genesis' own key (ErrSignature). Whether that key may speak for the station is
// for the caller to know.
func (g Genesis) Verify() error {
	if err := g.check(); err != nil {
		return err
	}
	if !ed25519.Verify(g.Key, g.unsigned(), g.Signature) {
		return fmt.Errorf("genesis: %w", ErrSignature)
	}
	return nil
}

func (g Genesis) check() error {
	switch {
	case g.Origin.Lane != LaneRegister:
		return fmt.Errorf("%w: genesis of lane %d", ErrFormat, g.Origin.Lane)
	case g.Origin.Epoch == 0:
		return fmt.Errorf("%w: genesis of epoch 0", ErrFormat)
	case len(g.Unit) > maxUnit || !digits(g.Unit):
		return fmt.Errorf("%w: unit code of a genesis must be at most %d digits", ErrFormat, maxUnit)
	case len(g.Parents) > maxParents:
		return fmt.Errorf("%w: genesis with %d parents", ErrFormat, len(g.Parents))
	case len(g.Key) != ed25519.PublicKeySize || len(g.Signature) != ed25519.SignatureSize:
		return fmt.Errorf("%w: genesis is not signed", ErrFormat)
	}
	return nil
}

func digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// Marshal returns the encoding of g, signature included. What does not pass
// Verify has an encoding too, but ParseGenesis will refuse it.
func (g Genesis) Marshal() []byte { return append(g.unsigned(), g.Signature...) }

func (g Genesis) unsigned() []byte {
	b := make([]byte, 0, MaxGenesis)
	b = append(b, genesisMagic...)
	b = append(b, genesisVersion)
	b = binary.BigEndian.AppendUint32(b, uint32(g.Origin.Station))
	b = binary.BigEndian.AppendUint32(b, uint32(g.Origin.Epoch))
	b = binary.BigEndian.AppendUint32(b, g.Origin.Mint)
	b = append(b, byte(len(g.Unit)))
	b = append(b, g.Unit...)
	b = binary.BigEndian.AppendUint64(b, uint64(g.Created))
	b = append(b, g.Checkpoint[:]...)
	b = append(b, byte(len(g.Parents)))
	for _, p := range g.Parents {
		b = binary.BigEndian.AppendUint32(b, uint32(p.Station))
		b = binary.BigEndian.AppendUint32(b, uint32(p.Epoch))
		b = binary.BigEndian.AppendUint64(b, uint64(p.Last))
		b = append(b, p.Hash[:]...)
	}
	return append(b, g.Key...)
}

// ParseGenesis decodes and verifies a genesis. It copies what it keeps.
func ParseGenesis(b []byte) (Genesis, error) {
	var g Genesis
	r := reader{b: b}
	if string(r.take(4)) != genesisMagic {
		return Genesis{}, fmt.Errorf("%w: not a genesis", ErrFormat)
	}
	v := r.u8()
	if v > genesisVersion {
		return Genesis{}, fmt.Errorf("%w: %w: genesis version %d", ErrFormat, ErrNewer, v)
	}
	if v != genesisVersion {
		return Genesis{}, fmt.Errorf("%w: genesis version %d, this program knows %d", ErrFormat, v, genesisVersion)
	}
	g.Origin.Station, g.Origin.Epoch, g.Origin.Mint = Station(r.u32()), Epoch(r.u32()), r.u32()
	g.Unit = string(r.take(int(r.u8())))
	g.Created = int64(r.u64())
	g.Checkpoint = r.hash()
	for range r.u8() {
		g.Parents = append(g.Parents, Parent{Station(r.u32()), Epoch(r.u32()), Seq(r.u64()), r.hash()})
	}
	g.Key = append(ed25519.PublicKey(nil), r.take(ed25519.PublicKeySize)...)
	g.Signature = append([]byte(nil), r.take(ed25519.SignatureSize)...)
	if r.bad || len(r.b) != 0 {
		return Genesis{}, fmt.Errorf("%w: genesis of %d bytes", ErrFormat, len(b))
	}
	if err := g.Verify(); err != nil {
		return Genesis{}, err
	}
	return g, nil
}
