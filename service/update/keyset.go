package update

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

const (
	keySetFormat = "tramxa-keys"
	chainFormat  = "tramxa-key-chain"
	maxKeySet    = 4 << 10 // bytes
	maxKeys      = 9
	maxChain     = 16 // key sets from the first to the last

	domainKeySet   = "tramxa key set v1\n"
	domainManifest = "tramxa manifest v1\n"
)

// PublicKey is an Ed25519 key that may sign releases. Its text is base64.
type PublicKey [ed25519.PublicKeySize]byte

// ID names the key in signatures and for people: 16 hex digits.
func (k PublicKey) ID() string {
	sum := sha256.Sum256(k[:])
	return hex.EncodeToString(sum[:8])
}

// MarshalText is encoding.TextMarshaler.
func (k PublicKey) MarshalText() ([]byte, error) {
	return []byte(base64.StdEncoding.EncodeToString(k[:])), nil
}

// UnmarshalText is encoding.TextUnmarshaler.
func (k *PublicKey) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil || len(b) != len(k) {
		return fmt.Errorf("%w: %q is no public key", ErrFormat, text)
	}
	copy(k[:], b)
	return nil
}

// KeySet says who signs releases: Threshold of Keys. Sets are numbered from 1;
// set n+1 counts only when a threshold of n and a threshold of n+1 signed it.
type KeySet struct {
	Format    string      `json:"format"` // "tramxa-keys"
	Version   int         `json:"version"`
	Number    int         `json:"number"`
	Threshold int         `json:"threshold"`
	Keys      []PublicKey `json:"keys"`
}

// NewKeySet makes set number n of keys, of which threshold must sign.
func NewKeySet(n, threshold int, keys ...PublicKey) (KeySet, error) {
	s := KeySet{Format: keySetFormat, Version: 1, Number: n, Threshold: threshold, Keys: keys}
	return s, s.check()
}

// Bytes is the one spelling that is signed and stored.
func (s KeySet) Bytes() []byte {
	b, err := canonical(s)
	if err != nil {
		panic(err) // a struct of ints and texts
	}
	return b
}

// Hash is the hash of Bytes.
func (s KeySet) Hash() Hash { return sha256.Sum256(s.Bytes()) }

// ParseKeySet reads what Bytes wrote.
func ParseKeySet(b []byte) (KeySet, error) {
	var s KeySet
	if err := decode("key set", b, maxKeySet, &s); err != nil {
		return KeySet{}, err
	}
	return s, s.check()
}

func (s KeySet) check() error {
	switch {
	case s.Format != keySetFormat || s.Version != 1:
		return fmt.Errorf("%w: key set of format %q version %d; this program knows %q version 1", ErrFormat, s.Format, s.Version, keySetFormat)
	case s.Number < 1 || s.Number > maxChain:
		return fmt.Errorf("%w: key set number %d, want 1 to %d", ErrFormat, s.Number, maxChain)
	case len(s.Keys) == 0 || len(s.Keys) > maxKeys:
		return fmt.Errorf("%w: a key set of %d keys, want 1 to %d", ErrFormat, len(s.Keys), maxKeys)
	case s.Threshold < 1 || s.Threshold > len(s.Keys):
		return fmt.Errorf("%w: %d of %d keys cannot be asked for", ErrFormat, s.Threshold, len(s.Keys))
	}
	for i, k := range s.Keys {
		if slices.Contains(s.Keys[:i], k) {
			return fmt.Errorf("%w: key %s stands twice in a set", ErrFormat, k.ID())
		}
	}
	return nil
}

// ErrUnsigned is wrapped by errors about signatures that are missing, false or
// of keys that do not count.
var ErrUnsigned = errors.New("not signed by the keys that this program trusts")

// Signature is one key's word on a document.
type Signature struct {
	Key string `json:"key"` // PublicKey.ID
	Sig []byte `json:"sig"` // 64 bytes
}

// verify wants the signatures of Threshold different keys of the set over
// domain and doc. A false signature is an error even when others suffice.
func (s KeySet) verify(domain string, doc []byte, sigs []Signature) error {
	message := append([]byte(domain), doc...)
	var signed []string
	for _, sig := range sigs {
		i := slices.IndexFunc(s.Keys, func(k PublicKey) bool { return k.ID() == sig.Key })
		if i < 0 {
			continue // a key of the set before or after this one
		}
		if !ed25519.Verify(s.Keys[i][:], message, sig.Sig) {
			return fmt.Errorf("%w: the signature of key %s is false", ErrUnsigned, sig.Key)
		}
		if !slices.Contains(signed, sig.Key) {
			signed = append(signed, sig.Key)
		}
	}
	if len(signed) < s.Threshold {
		return fmt.Errorf("%w: %d of %d signatures of key set %d", ErrUnsigned, len(signed), s.Threshold, s.Number)
	}
	return nil
}

// Link is one key set of a chain, with the signatures that make it count. The
// first set of a chain needs none.
type Link struct {
	Keys       KeySet      `json:"keys"`
	Signatures []Signature `json:"signatures"`
}

// Chain is the key sets from number 1 to the one in force.
type Chain []Link

// chainFile is a chain as those who release keep it.
type chainFile struct {
	Format  string `json:"format"` // "tramxa-key-chain"
	Version int    `json:"version"`
	Chain   Chain  `json:"chain"`
}

// NewChain begins a chain with the first key set.
func NewChain(first KeySet) (Chain, error) {
	c := Chain{{Keys: first, Signatures: []Signature{}}}
	return c, c.verify(first)
}

// Rotate adds the next key set. signers hold a threshold of the set in force
// and a threshold of the next one.
func (c Chain) Rotate(next KeySet, signers ...*PrivateKey) (Chain, error) {
	l := Link{Keys: next, Signatures: []Signature{}}
	for _, k := range signers {
		l.Signatures = append(l.Signatures, k.SignKeySet(next))
	}
	longer := append(slices.Clone(c), l)
	if len(c) == 0 {
		return nil, fmt.Errorf("%w: no chain to lengthen", ErrFormat)
	}
	return longer, longer.verify(c[0].Keys)
}

// Bytes is the file in which those who release keep the chain.
func (c Chain) Bytes() ([]byte, error) {
	return canonical(chainFile{Format: chainFormat, Version: 1, Chain: c})
}

// ParseChain reads what Bytes wrote and follows it from its first set.
func ParseChain(b []byte) (Chain, error) {
	var f chainFile
	if err := decode("chain of key sets", b, MaxSignatures, &f); err != nil {
		return nil, err
	}
	if f.Format != chainFormat || f.Version != 1 || len(f.Chain) == 0 {
		return nil, fmt.Errorf("%w: chain of format %q version %d; this program knows %q version 1", ErrFormat, f.Format, f.Version, chainFormat)
	}
	return f.Chain, f.Chain.verify(f.Chain[0].Keys)
}

// Last is the key set in force.
func (c Chain) Last() KeySet { return c[len(c)-1].Keys }

// verify follows the chain from its set number from.Number, which must be from.
func (c Chain) verify(from KeySet) error {
	if len(c) == 0 || len(c) > maxChain {
		return fmt.Errorf("%w: a chain of %d key sets, want 1 to %d", ErrFormat, len(c), maxChain)
	}
	for i, l := range c {
		if l.Keys.Number != i+1 {
			return fmt.Errorf("%w: key set %d stands in place %d of the chain", ErrFormat, l.Keys.Number, i+1)
		}
		if err := l.Keys.check(); err != nil {
			return err
		}
	}
	if len(c) < from.Number {
		return fmt.Errorf("%w: signed with key set %d, which key set %d has replaced", ErrUnsigned, len(c), from.Number)
	}
	if !bytes.Equal(c[from.Number-1].Keys.Bytes(), from.Bytes()) {
		return fmt.Errorf("%w: its key set %d is another than this program's", ErrUnsigned, from.Number)
	}
	for i := from.Number; i < len(c); i++ {
		doc := c[i].Keys.Bytes()
		if err := c[i-1].Keys.verify(domainKeySet, doc, c[i].Signatures); err != nil {
			return fmt.Errorf("key set %d, by the set before: %w", i+1, err)
		}
		if err := c[i].Keys.verify(domainKeySet, doc, c[i].Signatures); err != nil {
			return fmt.Errorf("key set %d, by itself: %w", i+1, err)
		}
	}
	return nil
}
