package update

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"tramxa/appliance/journal"
)

// The GRUB environment block: 1024 bytes, a first line of its own, lines
// name=value, and '#' up to the end. GRUB writes it in place, and so do we: all
// variables stand in the first 512 bytes, so that a change is one sector, which
// a power cut leaves old or new.
const (
	grubMagic  = "# GRUB Environment Block\n"
	grubSize   = 1024
	grubSector = 512
)

// GrubEnv is the variables of an environment block. Names are letters, digits
// and '_'; values have no line ends, '\' or '#'.
type GrubEnv map[string]string

// ParseGrubEnv reads a block strictly.
func ParseGrubEnv(b []byte) (GrubEnv, error) {
	if len(b) != grubSize || !bytes.HasPrefix(b, []byte(grubMagic)) {
		return nil, fmt.Errorf("%w: %d bytes are no GRUB environment block", ErrFormat, len(b))
	}
	text := strings.TrimRight(string(b[len(grubMagic):]), "#")
	env := GrubEnv{}
	for text != "" {
		line, rest, ok := strings.Cut(text, "\n")
		name, value, eq := strings.Cut(line, "=")
		if _, twice := env[name]; !ok || !eq || twice || !grubWord(name) || !grubValue(value) {
			return nil, fmt.Errorf("%w: line %q of the GRUB environment block", ErrFormat, line)
		}
		env[name], text = value, rest
	}
	return env, nil
}

// Bytes writes the block, names sorted.
func (e GrubEnv) Bytes() ([]byte, error) {
	b := []byte(grubMagic)
	names := make([]string, 0, len(e))
	for name := range e {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !grubWord(name) || !grubValue(e[name]) {
			return nil, fmt.Errorf("%w: GRUB variable %q of value %q", ErrFormat, name, e[name])
		}
		b = fmt.Appendf(b, "%s=%s\n", name, e[name])
	}
	if len(b) > grubSector {
		return nil, fmt.Errorf("%w: GRUB variables of %d bytes do not fit into one sector", ErrFormat, len(b))
	}
	return append(b, bytes.Repeat([]byte{'#'}, grubSize-len(b))...), nil
}

func grubWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}

func grubValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' || r == '#' })
}

// readGrubEnv reads the block of a boot partition.
func readGrubEnv(fsys journal.FS, name string) (GrubEnv, error) {
	b, err := journal.ReadFile(fsys, name, grubSize)
	if err != nil {
		return nil, err
	}
	return ParseGrubEnv(b)
}
