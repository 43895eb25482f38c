package update

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Draft is a release to be packed. Its zero times and formats are not valid.
type Draft struct {
	Channel  string // "stable"
	Sequence uint64
	Version  string
	Commit   string
	Released time.Time // the commit's time, for the same bytes every time
	Expires  time.Time
	MinFrom  uint64
	Formats  Formats // ThisBuild for a release of this source
	Requires Requires
	Files    []DraftFile
}

// DraftFile is one file of a release, by name.
type DraftFile struct {
	System string // "linux/amd64", or "image/amd64" for root, kernel, initrd
	Kind   string // KindProgram, …
	Path   string
	Older  []string // files of earlier releases that patches shall start from
}

// Packed is a release ready for signing: its manifest, and its parts as files
// in a directory.
type Packed struct {
	Manifest Manifest
	Bytes    []byte // of the manifest: what is signed
	dir      string
}

// Pack makes the parts of a release in dir, which must exist, and its manifest.
// The same files give the same bytes. Patches that do not pay are left out.
func Pack(ctx context.Context, d Draft, dir string) (*Packed, error) {
	m := Manifest{
		Format: manifestFormat, FormatV: 1, Product: product,
		Channel: d.Channel, Sequence: d.Sequence, Version: d.Version, Commit: d.Commit,
		Released: d.Released.UTC().Truncate(time.Second), Expires: d.Expires.UTC().Truncate(time.Second),
		MinFrom: d.MinFrom, Formats: d.Formats, Requires: d.Requires,
	}
	if m.Requires.OSMin == nil {
		m.Requires.OSMin = []OSMin{}
	}
	for _, f := range d.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		packed, err := packFile(f, dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		m.Files = append(m.Files, packed)
	}
	b, err := m.Bytes()
	if err != nil {
		return nil, err
	}
	return &Packed{Manifest: m, Bytes: b, dir: dir}, nil
}

func packFile(f DraftFile, dir string) (ManifestFile, error) {
	sum, size, err := HashFile(f.Path)
	if err != nil {
		return ManifestFile{}, err
	}
	whole, err := keepPart(dir, func(w io.Writer) error {
		r, err := os.Open(f.Path)
		if err != nil {
			return err
		}
		defer r.Close()
		return packWhole(w, r)
	})
	if err != nil {
		return ManifestFile{}, err
	}
	whole.Encoding = EncodingZstd
	m := ManifestFile{System: f.System, Kind: f.Kind, Size: size, SHA256: sum, Packings: []Packing{whole}}
	for _, older := range f.Older {
		p, err := patchFrom(older, f, dir)
		if err != nil {
			return ManifestFile{}, err
		}
		if p.From != sum && patchPays(p.Size, whole.Size) && !slices.ContainsFunc(m.Packings, func(q Packing) bool { return q.From == p.From }) {
			m.Packings = append(m.Packings, p)
		}
	}
	return m, nil
}

// patchFrom makes a patch: of a root in pieces, since it is large.
func patchFrom(older string, f DraftFile, dir string) (Packing, error) {
	from, _, err := HashFile(older)
	if err != nil {
		return Packing{}, err
	}
	encoding, pack := patchEncoding(f.Kind), wholePatch
	if encoding == EncodingPieces {
		pack = piecewisePatch
	}
	p, err := keepPart(dir, func(w io.Writer) error { return pack(w, older, f.Path) })
	p.Encoding, p.From = encoding, from
	return p, err
}

func wholePatch(w io.Writer, older, file string) error {
	old, err := os.ReadFile(older)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	patch, err := packPatch(old, b)
	if err == nil {
		_, err = w.Write(patch)
	}
	return err
}

func piecewisePatch(w io.Writer, older, file string) error {
	old, err := os.Open(older)
	if err != nil {
		return err
	}
	defer old.Close()
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	oldInfo, err := old.Stat()
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return packPieces(w, old, oldInfo.Size(), f, info.Size(), pieceSize)
}

// keepPart writes a part into dir under its hash.
func keepPart(dir string, write func(io.Writer) error) (Packing, error) {
	f, err := os.CreateTemp(dir, "part-*.tmp")
	if err != nil {
		return Packing{}, err
	}
	sum := sha256.New()
	err = write(io.MultiWriter(f, sum))
	info, serr := f.Stat()
	if err = errors.Join(err, serr, f.Close()); err != nil {
		return Packing{}, errors.Join(err, os.Remove(f.Name()))
	}
	p := Packing{Size: info.Size(), SHA256: Hash(sum.Sum(nil))}
	return p, os.Rename(f.Name(), filepath.Join(dir, p.SHA256.String()))
}

// Sign collects signatures on the manifest with the keys at hand. Where the
// keys live apart, each holder signs Bytes with PrivateKey.SignManifest, and
// NewSignatures puts them together.
func (p *Packed) Sign(chain Chain, keys ...*PrivateKey) (Signatures, error) {
	var sigs []Signature
	for _, k := range keys {
		sigs = append(sigs, k.SignManifest(p.Bytes))
	}
	return NewSignatures(chain, sigs...), chain.Last().verify(domainManifest, p.Bytes, sigs)
}

// OpenPart opens the bytes of one of the release's parts.
func (p *Packed) OpenPart(part Part) (io.ReadCloser, error) {
	return os.Open(filepath.Join(p.dir, part.SHA256.String()))
}

// Write writes the release as a bundle, with the parts of these systems; with
// none named, of all. Programs of "linux/amd64" and the root of "image/amd64"
// are different systems.
func (p *Packed) Write(w io.Writer, s Signatures, systems ...string) error {
	sigs, err := s.Bytes()
	if err != nil {
		return err
	}
	parts := p.Manifest.Parts()
	if len(systems) > 0 {
		parts = slices.DeleteFunc(parts, func(q Part) bool { return !slices.Contains(systems, q.System) })
	}
	return WriteBundle(w, p.Bytes, sigs, parts, p.OpenPart)
}

// BuildBundle packs, signs and writes a release to one file. The parts are kept
// in dir, where further bundles and the hub can take them from.
func BuildBundle(ctx context.Context, d Draft, dir, name string, chain Chain, keys ...*PrivateKey) (*Packed, error) {
	p, err := Pack(ctx, d, dir)
	if err != nil {
		return nil, err
	}
	s, err := p.Sign(chain, keys...)
	if err != nil {
		return nil, err
	}
	return p, p.WriteFile(name, s)
}

// WriteFile is Write to a new file, which is there whole or not at all.
func (p *Packed) WriteFile(name string, s Signatures, systems ...string) error {
	f, err := os.CreateTemp(filepath.Dir(name), "bundle-*.tmp")
	if err != nil {
		return err
	}
	err = p.Write(f, s, systems...)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), name)
}
