package backups

import (
	"errors"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
)

// InfoName is the file with a station's particulars in a place of backups.
const InfoName = "station.json"

const infoVersion = 1

// maxInfo bounds such a file in bytes.
const maxInfo = 64 << 10

// ErrBadInfo is wrapped by every error about the content of such a file.
var ErrBadInfo = errors.New("the station's particulars are damaged or not of this program")

// Info is what a restore needs beside the book and the keys, so that nobody has
// to type it: version 1. It holds no secret.
type Info struct {
	Version  int      `json:"version"`
	Station  uint32   `json:"station"`
	Unit     string   `json:"unit"`
	Name     string   `json:"name,omitempty"`
	Language string   `json:"language,omitempty"`
	Hub      []string `json:"hub,omitempty"`     // host:port
	HubPin   string   `json:"hub_pin,omitempty"` // public key of the hub
	Metered  bool     `json:"metered,omitempty"`
	Program  string   `json:"program,omitempty"` // version that wrote it; evidence only
	Genesis  []byte   `json:"genesis,omitempty"` // of the epoch, signed: with the keys, the hub's records make the station again
}

// Marshal encodes the particulars with a checksum.
func (i Info) Marshal() ([]byte, error) {
	i.Version = infoVersion
	if err := i.check(); err != nil {
		return nil, err
	}
	return store.Seal(i)
}

// ParseInfo decodes what Marshal wrote; ErrBadInfo, journal.ErrNewer.
func ParseInfo(b []byte) (Info, error) {
	if len(b) > maxInfo {
		return Info{}, fmt.Errorf("%w: %d bytes", ErrBadInfo, len(b))
	}
	if err := store.NewerSealed(b, infoVersion); err != nil {
		return Info{}, fmt.Errorf("%s: %w", InfoName, err)
	}
	var i Info
	if err := store.Unseal(b, &i); err != nil {
		return Info{}, fmt.Errorf("%w: %w", ErrBadInfo, err)
	}
	return i, i.check()
}

func (i Info) check() error {
	switch {
	case i.Version != infoVersion:
		return fmt.Errorf("%w: version %d", ErrBadInfo, i.Version)
	case i.Station == 0 || len(i.Unit) != 5:
		return fmt.Errorf("%w: station or unit", ErrBadInfo)
	case len(i.Name) > 200 || len(i.Hub) > 16 || len(i.HubPin) > 200 || len(i.Program) > 200 || len(i.Language) > 16:
		return fmt.Errorf("%w: a field is too long", ErrBadInfo)
	}
	if len(i.Genesis) > 0 {
		g, err := journal.ParseGenesis(i.Genesis)
		if err != nil || uint32(g.Origin.Station) != i.Station || g.Unit != i.Unit {
			return fmt.Errorf("%w: genesis", ErrBadInfo)
		}
	}
	for _, h := range i.Hub {
		if len(h) > 300 {
			return fmt.Errorf("%w: a field is too long", ErrBadInfo)
		}
	}
	return nil
}
