package seed

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// Version is the version of the format this program writes and reads.
const Version = 1

// MaxSize bounds a seed file in bytes.
const MaxSize = 64 << 10

// ErrBad is wrapped by every error about the content of a seed.
var ErrBad = errors.New("seed is not understood")

// Seed is the content of seed.toml. Every field but Version may be empty: then
// the setup pages ask.
type Seed struct {
	Version  int      `toml:"version"`
	Language string   `toml:"language,omitempty"` // vi, en
	Station  uint32   `toml:"station,omitempty"`  // number granted by the hub
	Mint     uint32   `toml:"mint,omitempty"`     // 0: the station's number
	Unit     string   `toml:"unit,omitempty"`     // code of the commune, five digits
	Name     string   `toml:"name,omitempty"`     // what the pages call the place
	Hub      []string `toml:"hub,omitempty"`      // host:port of the province's servers
	HubPin   string   `toml:"hub_pin,omitempty"`  // public key of the hub, as 'tramxa hub init' prints it
	SSHKey   string   `toml:"ssh_key,omitempty"`  // one line of authorized_keys; "": SSH stays off

	// Unattended: the image installs itself to EraseDisk without asking. Both must
	// be given.
	Unattended bool   `toml:"unattended,omitempty"`
	EraseDisk  string `toml:"erase_disk,omitempty"` // "only": the only internal disk; else its serial number

	Network *Network `toml:"network,omitempty"` // nil: DHCP
}

// Network is a fixed address on the LAN.
type Network struct {
	Address string   `toml:"address"` // with prefix: 192.168.1.10/24
	Gateway string   `toml:"gateway,omitempty"`
	DNS     []string `toml:"dns,omitempty"`
}

// Parse decodes and checks a seed; ErrBad.
func Parse(b []byte) (Seed, error) {
	if len(b) > MaxSize {
		return Seed{}, fmt.Errorf("%w: %d bytes, at most %d", ErrBad, len(b), MaxSize)
	}
	var s Seed
	if err := DecodeStrict(b, &s); err != nil {
		return Seed{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	return s, s.Check()
}

// Marshal encodes a seed that passes Check, for Parse; ErrBad.
func (s Seed) Marshal() ([]byte, error) {
	s.Version = Version
	if err := s.Check(); err != nil {
		return nil, err
	}
	b, err := toml.Marshal(s)
	if err == nil && len(b) > MaxSize {
		err = fmt.Errorf("%w: %d bytes, at most %d", ErrBad, len(b), MaxSize)
	}
	return b, err
}

// Check says what is wrong with a seed; ErrBad.
func (s Seed) Check() error {
	bad := func(format string, a ...any) error { return fmt.Errorf("%w: "+format, append([]any{ErrBad}, a...)...) }
	switch {
	case s.Version != Version:
		return bad("version %d, this program reads %d", s.Version, Version)
	case s.Language != "" && s.Language != "vi" && s.Language != "en":
		return bad("language is vi or en, not %q", s.Language)
	case s.Station > 1<<31 || s.Mint > 1<<31:
		return bad("station and mint are numbers that the hub grants")
	case s.Unit != "" && !fiveDigits(s.Unit):
		return bad("unit is the code of the commune, five digits, not %q", s.Unit)
	case len(s.Name) > 200:
		return bad("name is longer than 200 bytes")
	case s.Unattended != (s.EraseDisk != ""):
		return bad("unattended and erase_disk belong together")
	case !utf8.ValidString(strings.Join(s.texts(), "")):
		return bad("a text is not UTF-8; hint: save the file again with the encoding UTF-8")
	}
	for _, a := range s.Hub {
		if host, port, err := net.SplitHostPort(a); err != nil || host == "" || port == "" {
			return bad("hub is host:port, not %q", a)
		}
	}
	if s.Network != nil {
		return s.Network.check(bad)
	}
	return nil
}

// texts are those that Check does not spell out. The encoder would write a byte
// that is no UTF-8 as some other letter.
func (s Seed) texts() []string {
	texts := append([]string{s.Name, s.HubPin, s.SSHKey, s.EraseDisk}, s.Hub...)
	if s.Network != nil { // the zone of an address is any text
		texts = append(append(texts, s.Network.Gateway), s.Network.DNS...)
	}
	return texts
}

func (n Network) check(bad func(string, ...any) error) error {
	if _, err := netip.ParsePrefix(n.Address); err != nil {
		return bad("network address is like 192.168.1.10/24, not %q", n.Address)
	}
	for _, a := range append([]string{n.Gateway}, n.DNS...) {
		if a == "" {
			continue
		}
		if _, err := netip.ParseAddr(a); err != nil {
			return bad("%q is not an address", a)
		}
	}
	return nil
}

func fiveDigits(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil && len(s) == 5 && s[0] != '+'
}
