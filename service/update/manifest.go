package update

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

const (
	manifestFormat = "tramxa-manifest"
	product        = "tramxa"

	// MaxManifest and MaxSignatures bound the two documents of a release, in
	// bytes; together they are at most 64 KiB.
	MaxManifest   = 40 << 10
	MaxSignatures = 24 << 10

	maxFiles    = 32
	maxPackings = 16
	maxSequence = 1 << 40
	maxFileSize = 1 << 30
)

// Kinds of file in a release.
const (
	KindProgram = "program" // of a system GOOS/GOARCH
	KindRoot    = "root"    // squashfs of an image machine, system image/GOARCH
	KindKernel  = "kernel"
	KindInitrd  = "initrd"
)

// Encodings of a part.
const (
	EncodingZstd   = "zstd"        // the whole file
	EncodingPatch  = "zstd-patch"  // with the file named by From as dictionary
	EncodingPieces = "zstd-pieces" // of roots: the same, piece by piece
)

// Formats says which data-format levels a program reads (lowest, highest) and
// which it would like to write. Data lie at one level; it rises only after a
// program was confirmed, and only as far as the program to go back to reads.
type Formats struct {
	Reads  [2]int `json:"reads"`
	Writes int    `json:"writes"`
}

// Covers says whether a program of these formats reads data at level.
func (f Formats) Covers(level int) bool { return f.Reads[0] <= level && level <= f.Reads[1] }

func (f Formats) check() error {
	if f.Reads[0] < 1 || f.Reads[1] < f.Reads[0] || f.Reads[1] > 1<<16 || !f.Covers(f.Writes) {
		return fmt.Errorf("%w: reads levels %d to %d and writes %d", ErrFormat, f.Reads[0], f.Reads[1], f.Writes)
	}
	return nil
}

// Requires is what a machine must have.
type Requires struct {
	OSMin    []OSMin `json:"os_min"`    // per system; none: any version
	FreeDisk int64   `json:"free_disk"` // bytes beside what unpacking takes
	RAM      int64   `json:"ram"`       // bytes built in
}

// OSMin is the oldest version of an operating system: "linux" "5.10",
// "windows" "10.0.10240".
type OSMin struct {
	System  string `json:"system"`
	Version string `json:"version"`
}

// Packing is one way to carry a file. Size and SHA256 are of the carried bytes.
type Packing struct {
	Encoding string `json:"encoding"`
	From     Hash   `json:"from"` // patch only: the file it starts from
	Size     int64  `json:"size"`
	SHA256   Hash   `json:"sha256"`
}

// ManifestFile is one file of a release. Size and SHA256 are of the file itself.
type ManifestFile struct {
	System   string    `json:"system"`
	Kind     string    `json:"kind"`
	Size     int64     `json:"size"`
	SHA256   Hash      `json:"sha256"`
	Packings []Packing `json:"packings"` // the first is whole
}

// Manifest is what is signed of a release.
type Manifest struct {
	Format   string         `json:"format"` // "tramxa-manifest"
	FormatV  int            `json:"format_version"`
	Product  string         `json:"product"` // "tramxa"
	Channel  string         `json:"channel"`
	Sequence uint64         `json:"sequence"` // grows with every release
	Version  string         `json:"version"`  // for people
	Commit   string         `json:"commit"`
	Released time.Time      `json:"released"`
	Expires  time.Time      `json:"expires"`  // after it: a warning, nothing else
	MinFrom  uint64         `json:"min_from"` // lowest sequence that may come here directly; 0 any
	Formats  Formats        `json:"formats"`
	Requires Requires       `json:"requires"`
	Files    []ManifestFile `json:"files"`
}

var (
	wordPattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,31}$`)
	versionText   = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_~-]{0,63}$`)
	commitText    = regexp.MustCompile(`^([0-9a-f]{7,64})?$`)
	systemPattern = regexp.MustCompile(`^(linux|windows|image)/(amd64|arm64)$`)
	osVersionText = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,6}){0,3}$`)
)

// Bytes is the one spelling that is signed and stored.
func (m Manifest) Bytes() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	b, err := canonical(m)
	if err == nil && len(b) > MaxManifest {
		err = fmt.Errorf("%w: a manifest of %d bytes, at most %d may be written", ErrFormat, len(b), MaxManifest)
	}
	return b, err
}

// ParseManifest reads what Bytes wrote. Whether it is signed is another
// question: see Trust.
func ParseManifest(b []byte) (Manifest, error) {
	var m Manifest
	if err := decode("manifest", b, MaxManifest, &m); err != nil {
		return Manifest{}, err
	}
	return m, m.check()
}

func (m Manifest) check() error {
	switch {
	case m.Format != manifestFormat || m.FormatV != 1:
		return fmt.Errorf("%w: manifest of format %q version %d; this program knows %q version 1", ErrFormat, m.Format, m.FormatV, manifestFormat)
	case m.Product != product:
		return fmt.Errorf("%w: a release of %q, not of %s", ErrFormat, m.Product, product)
	case !wordPattern.MatchString(m.Channel):
		return fmt.Errorf("%w: channel %q", ErrFormat, m.Channel)
	case m.Sequence < 1 || m.Sequence > maxSequence || m.MinFrom > m.Sequence:
		return fmt.Errorf("%w: sequence %d from %d", ErrFormat, m.Sequence, m.MinFrom)
	case !versionText.MatchString(m.Version) || !commitText.MatchString(m.Commit):
		return fmt.Errorf("%w: version %q of commit %q", ErrFormat, m.Version, m.Commit)
	case !plainTime(m.Released) || !plainTime(m.Expires) || m.Expires.Before(m.Released):
		return fmt.Errorf("%w: released %v, expires %v; both in whole seconds UTC, in this order", ErrFormat, m.Released, m.Expires)
	case len(m.Files) < 1 || len(m.Files) > maxFiles:
		return fmt.Errorf("%w: a release of %d files, want 1 to %d", ErrFormat, len(m.Files), maxFiles)
	}
	if err := m.Formats.check(); err != nil {
		return err
	}
	if err := m.Requires.check(); err != nil {
		return err
	}
	for i, f := range m.Files {
		if err := f.check(); err != nil {
			return err
		}
		if slices.ContainsFunc(m.Files[:i], func(g ManifestFile) bool { return g.System == f.System && g.Kind == f.Kind }) {
			return fmt.Errorf("%w: two files of kind %s for %s", ErrFormat, f.Kind, f.System)
		}
	}
	return nil
}

// plainTime wants what one spelling of RFC 3339 can say.
func plainTime(t time.Time) bool {
	return t.Equal(t.Truncate(time.Second)) && t.Location() == time.UTC && t.Year() >= 2000 && t.Year() < 2200
}

func (r Requires) check() error {
	if r.FreeDisk < 0 || r.FreeDisk > 1<<40 || r.RAM < 0 || r.RAM > 1<<40 || len(r.OSMin) > 4 {
		return fmt.Errorf("%w: requires %d bytes of disk, %d of memory, %d systems", ErrFormat, r.FreeDisk, r.RAM, len(r.OSMin))
	}
	for i, o := range r.OSMin {
		if o.System != "linux" && o.System != "windows" || !osVersionText.MatchString(o.Version) ||
			slices.ContainsFunc(r.OSMin[:i], func(p OSMin) bool { return p.System == o.System }) {
			return fmt.Errorf("%w: requires system %q version %q", ErrFormat, o.System, o.Version)
		}
	}
	return nil
}

func (f ManifestFile) check() error {
	image := len(f.System) > 6 && f.System[:6] == "image/"
	switch {
	case !systemPattern.MatchString(f.System):
		return fmt.Errorf("%w: system %q", ErrFormat, f.System)
	case f.Kind == KindProgram && image, f.Kind != KindProgram && !image,
		!slices.Contains([]string{KindProgram, KindRoot, KindKernel, KindInitrd}, f.Kind):
		return fmt.Errorf("%w: a %q of system %s", ErrFormat, f.Kind, f.System)
	case f.Size < 1 || f.Size > maxFileSize || f.SHA256.IsZero():
		return fmt.Errorf("%w: %s of %s has %d bytes", ErrFormat, f.Kind, f.System, f.Size)
	case len(f.Packings) < 1 || len(f.Packings) > maxPackings:
		return fmt.Errorf("%w: %d packings of %s %s, want 1 to %d", ErrFormat, len(f.Packings), f.System, f.Kind, maxPackings)
	}
	for i, p := range f.Packings {
		whole := p.Encoding == EncodingZstd && p.From.IsZero()
		patch := p.Encoding == patchEncoding(f.Kind) && !p.From.IsZero()
		if whole != (i == 0) || patch == (i == 0) || p.Size < 1 || p.Size > maxFileSize || p.SHA256.IsZero() {
			return fmt.Errorf("%w: packing %d of %s %s: %q of %d bytes; the first is whole, the others are patches", ErrFormat, i, f.System, f.Kind, p.Encoding, p.Size)
		}
	}
	return nil
}

// patchEncoding is how patches of a kind are packed: roots are large.
func patchEncoding(kind string) string {
	if kind == KindRoot {
		return EncodingPieces
	}
	return EncodingPatch
}

// File finds a file of the release.
func (m Manifest) File(system, kind string) (ManifestFile, bool) {
	for _, f := range m.Files {
		if f.System == system && f.Kind == kind {
			return f, true
		}
	}
	return ManifestFile{}, false
}

// Part is what a machine or a hub keeps or fetches of a release: opaque bytes
// by hash.
type Part struct {
	SHA256   Hash
	Size     int64
	System   string
	Kind     string
	Encoding string
	From     Hash // of a patch
}

// Parts lists every part of the release once, in the order of the manifest.
func (m Manifest) Parts() []Part {
	var parts []Part
	for _, f := range m.Files {
		for _, p := range f.Packings {
			if !slices.ContainsFunc(parts, func(q Part) bool { return q.SHA256 == p.SHA256 }) {
				parts = append(parts, Part{SHA256: p.SHA256, Size: p.Size, System: f.System, Kind: f.Kind, Encoding: p.Encoding, From: p.From})
			}
		}
	}
	return parts
}
