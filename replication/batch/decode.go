package batch

import (
	"crypto/ed25519"
	"fmt"

	"tramxa/appliance/journal"
)

// Batch is an unpacked batch. Nothing in it is verified until Verify says so.
type Batch struct {
	Header
	Records   []journal.Record // heads and bodies share one buffer of their own
	Signature []byte           // Ed25519 over what the chain states
}

// Decode unpacks b. It refuses whatever is out of bounds before it allocates,
// and every byte that does not belong. b is not kept.
func Decode(b []byte) (*Batch, error) {
	h, packed, err := split(b)
	if err != nil {
		return nil, err
	}
	recs, err := unpack(packed, h)
	if err != nil {
		return nil, err
	}
	sig := append([]byte(nil), b[len(b)-ed25519.SignatureSize:]...)
	return &Batch{Header: h, Records: recs, Signature: sig}, nil
}

// Inspect reads the header of b and checks the signature without unpacking: the
// cheap refusal before the work. It says nothing about the records.
func Inspect(b []byte, pub ed25519.PublicKey) (Header, error) {
	h, _, err := split(b)
	if err != nil {
		return Header{}, err
	}
	return h, (&Batch{Header: h, Signature: b[len(b)-ed25519.SignatureSize:]}).VerifySignature(pub)
}

// VerifySignature checks that the holder of pub signed what the header states.
// It says nothing about the records.
func (b *Batch) VerifySignature(pub ed25519.PublicKey) error {
	if len(pub) != ed25519.PublicKeySize || !ed25519.Verify(pub, b.statement(), b.Signature) {
		return ErrSignature
	}
	return nil
}

// VerifyChain checks that the records lead from PreHash to PostHash under the
// secret of the epoch.
func (b *Batch) VerifyChain(secret journal.Secret) error {
	chain := journal.Chain{Secret: secret, Lane: b.Origin.Lane, Seq: b.First - 1, Hash: b.PreHash}
	for _, r := range b.Records {
		chain.Add(r.Head, r.Body)
	}
	if chain.Hash != b.PostHash || chain.Seq != b.Last {
		return fmt.Errorf("%w between %d and %d", ErrChain, b.First, b.Last)
	}
	return nil
}

// Verify checks the signature and the chain.
func (b *Batch) Verify(pub ed25519.PublicKey, secret journal.Secret) error {
	if err := b.VerifySignature(pub); err != nil {
		return err
	}
	return b.VerifyChain(secret)
}
