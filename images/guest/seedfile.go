package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tramxa/service/seed"
)

// blank says that a seed file says nothing: only comments and empty lines, as on
// a fresh stick.
func blank(b []byte) bool {
	for _, line := range strings.Split(string(b), "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return true
}

// readSeed reads the seed of the boot partition; false when there is none.
func readSeed(name string) (seed.Seed, bool, error) {
	b, err := os.ReadFile(name)
	if os.IsNotExist(err) || err == nil && blank(b) {
		return seed.Seed{}, false, nil
	}
	if err != nil {
		return seed.Seed{}, false, err
	}
	s, err := seed.Parse(b)
	return s, err == nil, err
}

// networkFile is the configuration of systemd-networkd for a fixed address.
func networkFile(n seed.Network) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[Match]\nType=ether\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nAddress=%s\nMulticastDNS=yes\n", n.Address)
	if n.Gateway != "" {
		fmt.Fprintf(&b, "Gateway=%s\n", n.Gateway)
	}
	for _, d := range n.DNS {
		fmt.Fprintf(&b, "DNS=%s\n", d)
	}
	return b.String()
}

// sshKeys collects the public keys that may log in: of the seed, of a file on
// the boot partition, of the image.
func sshKeys(s seed.Seed, files ...string) string {
	var lines []string
	if s.SSHKey != "" {
		lines = append(lines, s.SSHKey)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil || len(b) > 64<<10 {
			continue
		}
		for _, line := range strings.Split(string(b), "\n") {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// giveSeed puts the seed where the setup looks for it, unless there is a station
// already.
func giveSeed(base string, s seed.Seed) error {
	if _, err := os.Stat(filepath.Join(base, "station", "tramxa.toml")); err == nil {
		return nil
	}
	// What concerns this machine only is done; the station need not know it.
	s.Unattended, s.EraseDisk, s.SSHKey = false, "", ""
	b, err := s.Marshal()
	if err != nil {
		return err
	}
	name := filepath.Join(base, "seed.toml")
	if err := os.WriteFile(name+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// BootSeed reads the seed of the stick this system runs from.
func BootSeed() (seed.Seed, error) {
	s, _, err := readSeed(filepath.Join(BootDir, "tramxa", "seed.toml"))
	return s, err
}
