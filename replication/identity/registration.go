package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"tramxa/appliance/journal"
)

const registrationFormat = "tramxa station registration 1"

// Registration is what a station hands to its hub once per epoch, by hand: the
// hub knows the station by it from then on. It contains the secret of the epoch,
// so it is to be carried and kept like a key.
type Registration struct {
	Station     journal.Station
	Epoch       journal.Epoch
	Mint        uint32
	Unit        string // administrative unit code at that time
	PublicKey   ed25519.PublicKey
	Secret      journal.Secret
	GenesisHash journal.Hash // SHA-256 of the encoded genesis
	Genesis     []byte       // encoded and signed
}

// registrationJSON is the file form; byte fields are base64.
type registrationJSON struct {
	Format      string `json:"format"`
	Station     uint32 `json:"station"`
	Epoch       uint32 `json:"epoch"`
	Mint        uint32 `json:"mint"`
	Unit        string `json:"unit"`
	PublicKey   []byte `json:"public_key"`
	Secret      []byte `json:"secret"`
	GenesisHash []byte `json:"genesis_hash"`
	Genesis     []byte `json:"genesis"`
}

// NewRegistration states what a hub must know of the epoch that g begins.
func NewRegistration(g journal.Genesis, secret journal.Secret) (Registration, error) {
	enc := g.Marshal()
	r := Registration{
		Station: g.Origin.Station, Epoch: g.Origin.Epoch, Mint: g.Origin.Mint, Unit: g.Unit,
		PublicKey: g.Key, Secret: secret, GenesisHash: sha256.Sum256(enc), Genesis: enc,
	}
	return r, r.Check()
}

// Check verifies that the parts agree with the genesis and that it is signed by
// the station's key.
func (r Registration) Check() error {
	g, err := journal.ParseGenesis(r.Genesis)
	switch {
	case err != nil:
		return fmt.Errorf("registration: %w", err)
	case g.Origin != journal.Origin{Station: r.Station, Epoch: r.Epoch, Mint: r.Mint}:
		return errors.New("registration: station, epoch or mint number differ from the genesis")
	case g.Unit != r.Unit:
		return errors.New("registration: unit differs from the genesis")
	case !r.PublicKey.Equal(g.Key):
		return errors.New("registration: public key differs from the genesis")
	case r.GenesisHash != sha256.Sum256(r.Genesis):
		return errors.New("registration: hash of the genesis differs")
	case r.Station == 0 || r.Epoch == 0 || r.Mint == 0:
		return errors.New("registration: station, epoch and mint number start at 1")
	}
	return nil
}

// Base returns h(0) of a lane of the epoch.
func (r Registration) Base(lane journal.Lane) (journal.Hash, error) {
	g, err := journal.ParseGenesis(r.Genesis)
	if err != nil {
		return journal.Hash{}, err
	}
	return journal.Base(g, lane), nil
}

// Marshal gives the registration as JSON, one line.
func (r Registration) Marshal() ([]byte, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(registrationJSON{
		registrationFormat, uint32(r.Station), uint32(r.Epoch), r.Mint, r.Unit,
		r.PublicKey, r.Secret[:], r.GenesisHash[:], r.Genesis,
	})
	return append(b, '\n'), err
}

// ParseRegistration reads what Marshal writes and checks it: Marshal gives the
// same bytes again, but for spaces between the parts, which an editor or a mail
// may have changed.
func ParseRegistration(b []byte) (Registration, error) {
	if len(b) > maxFile {
		return Registration{}, fmt.Errorf("registration of %d bytes is too long", len(b))
	}
	var j registrationJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return Registration{}, fmt.Errorf("registration is not understood: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Registration{}, errors.New("registration is followed by something else")
	}
	if j.Format != registrationFormat {
		return Registration{}, fmt.Errorf("registration has format %q, this program knows %q", j.Format, registrationFormat)
	}
	r := Registration{Station: journal.Station(j.Station), Epoch: journal.Epoch(j.Epoch), Mint: j.Mint, Unit: j.Unit,
		PublicKey: j.PublicKey, Genesis: j.Genesis}
	if len(j.Secret) != len(r.Secret) || len(j.GenesisHash) != len(r.GenesisHash) {
		return Registration{}, errors.New("registration: secret and genesis hash have 32 bytes each")
	}
	copy(r.Secret[:], j.Secret)
	copy(r.GenesisHash[:], j.GenesisHash)
	if err := r.Check(); err != nil {
		return Registration{}, err
	}
	return r, r.written(b)
}

// written checks that b is what Marshal writes of r: a name twice or in capitals,
// say, would be read by another program as something else.
func (r Registration) written(b []byte) error {
	want, err := r.Marshal()
	if err != nil {
		return err
	}
	var got bytes.Buffer
	if err := json.Compact(&got, b); err != nil {
		return fmt.Errorf("registration is not understood: %w", err)
	}
	if !bytes.Equal(got.Bytes(), bytes.TrimSpace(want)) {
		return errors.New("registration is not as a station writes it: take the file anew from the station")
	}
	return nil
}
