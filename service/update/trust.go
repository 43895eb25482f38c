package update

import (
	"encoding/base64"
	"errors"
	"fmt"
)

const signaturesFormat = "tramxa-signatures"

// releaseKeys is the key set that this program trusts, set by the release build:
// -ldflags "-X tramxa/service/update.releaseKeys=<base64 of the key set>".
var releaseKeys = ""

// ErrDevelopment is returned where a program without release keys is asked to
// take an update.
var ErrDevelopment = errors.New("this is a development build without release keys: it takes no updates; install a released package first")

// Signatures is the second document of a release: the chain of key sets and the
// signatures on the manifest.
type Signatures struct {
	Format     string      `json:"format"` // "tramxa-signatures"
	Version    int         `json:"version"`
	Chain      Chain       `json:"chain"`
	Signatures []Signature `json:"signatures"`
}

// NewSignatures puts a chain and signatures of a manifest together.
func NewSignatures(chain Chain, sigs ...Signature) Signatures {
	return Signatures{Format: signaturesFormat, Version: 1, Chain: chain, Signatures: sigs}
}

// Bytes is the one spelling that is stored.
func (s Signatures) Bytes() ([]byte, error) {
	b, err := canonical(s)
	if err == nil && len(b) > MaxSignatures {
		err = fmt.Errorf("%w: signatures of %d bytes, at most %d may be written", ErrFormat, len(b), MaxSignatures)
	}
	return b, err
}

// ParseSignatures reads what Bytes wrote, and verifies nothing.
func ParseSignatures(b []byte) (Signatures, error) {
	var s Signatures
	if err := decode("signatures", b, MaxSignatures, &s); err != nil {
		return Signatures{}, err
	}
	if s.Format != signaturesFormat || s.Version != 1 {
		return Signatures{}, fmt.Errorf("%w: signatures of format %q version %d; this program knows %q version 1", ErrFormat, s.Format, s.Version, signaturesFormat)
	}
	return s, nil
}

// Release is a manifest whose signatures were verified. Only a Trust makes it.
type Release struct {
	Manifest
	manifest, signatures []byte
	keys                 KeySet // in force when it was signed
}

// ManifestBytes is what was signed, byte for byte.
func (r Release) ManifestBytes() []byte { return r.manifest }

// SignatureBytes is the signatures document, byte for byte.
func (r Release) SignatureBytes() []byte { return r.signatures }

// KeySet is the set in force when the release was signed.
func (r Release) KeySet() KeySet { return r.keys }

// Trust decides which releases count. The zero value trusts none and answers
// ErrDevelopment.
type Trust struct {
	keys KeySet
	min  int  // chains must reach this set
	at   Hash // of that set
}

// NewTrust trusts a key set and those that lead from it.
func NewTrust(s KeySet) Trust { return Trust{keys: s, min: s.Number, at: s.Hash()} }

// BuiltIn is the trust of this program, from the release build. A development
// build trusts nobody: ErrDevelopment.
func BuiltIn() (Trust, error) {
	if releaseKeys == "" {
		return Trust{}, ErrDevelopment
	}
	b, err := base64.StdEncoding.Strict().DecodeString(releaseKeys)
	if err != nil {
		return Trust{}, fmt.Errorf("the release keys in this program: %w", err)
	}
	s, err := ParseKeySet(b)
	if err != nil {
		return Trust{}, fmt.Errorf("the release keys in this program: %w", err)
	}
	return NewTrust(s), nil
}

// reaching makes a Trust that also wants chains to contain the key set with
// this number and hash: one that was seen before.
func (t Trust) reaching(number int, at Hash) Trust {
	if number > t.min {
		t.min, t.at = number, at
	}
	return t
}

// Verify reads and verifies the two documents of a release. Errors wrap
// ErrFormat, ErrUnsigned or ErrDevelopment.
func (t Trust) Verify(manifest, signatures []byte) (Release, error) {
	if t.keys.Number == 0 {
		return Release{}, ErrDevelopment
	}
	m, err := ParseManifest(manifest)
	if err != nil {
		return Release{}, err
	}
	s, err := ParseSignatures(signatures)
	if err != nil {
		return Release{}, err
	}
	if err := s.Chain.verify(t.keys); err != nil {
		return Release{}, err
	}
	if len(s.Chain) < t.min || s.Chain[t.min-1].Keys.Hash() != t.at {
		return Release{}, fmt.Errorf("%w: its keys do not lead to key set %d, which this machine knows", ErrUnsigned, t.min)
	}
	if err := s.Chain.Last().verify(domainManifest, manifest, s.Signatures); err != nil {
		return Release{}, err
	}
	return Release{Manifest: m, manifest: manifest, signatures: signatures, keys: s.Chain.Last()}, nil
}
