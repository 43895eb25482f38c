package update

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
)

// A bundle, *.tramup, is the file that carries a release on a stick:
//
//	0   8 bytes   "tramup1\n"
//	8   uint32    bytes of the manifest
//	12  uint32    bytes of the signatures
//	16  uint32    number of parts
//	20            manifest, signatures
//	    40 each   parts: SHA-256, uint64 size
//	    uint32    CRC-32C of all before
//	              the parts' bytes, in this order, up to the end of the file
//
// Integers are little-endian. The parts are some of those that the manifest
// names: those of one system or of all. Nothing in the file is left unchecked:
// manifest and signatures by the keys, the list by the manifest, the parts by
// their hashes, the length by the sum.
const (
	bundleMagic   = "tramup1\n"
	bundleFixed   = 20
	bundleEntry   = 40
	maxPartsCount = maxFiles * maxPackings

	// BundleExt ends the names of bundles.
	BundleExt = ".tramup"
	// StickDir is the folder on a stick that is searched for bundles.
	StickDir = "tram-update"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Bundle is an open bundle with a verified release. Its parts are verified when
// they are read. It may be used from several goroutines if the file may.
type Bundle struct {
	Release
	r     io.ReaderAt
	parts []placedPart
}

type placedPart struct {
	Part
	off int64
}

// OpenBundle reads the head of a bundle of size bytes and verifies its release.
// Errors wrap ErrFormat (damaged or cut), ErrUnsigned or ErrDevelopment, or are
// a *SourceError.
func OpenBundle(r io.ReaderAt, size int64, trust Trust) (*Bundle, error) {
	h, err := readHead(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	rel, parts, err := h.verify(trust)
	if err != nil {
		return nil, err
	}
	b := &Bundle{Release: rel, r: r}
	off := h.size
	for _, p := range parts {
		b.parts = append(b.parts, placedPart{p, off})
		off += p.Size
	}
	switch {
	case size < off:
		return nil, fmt.Errorf("%w: the bundle is cut: %d of %d bytes; copy it again", ErrFormat, size, off)
	case size > off:
		return nil, fmt.Errorf("%w: %d bytes follow the end of the bundle; copy it again", ErrFormat, size-off)
	}
	return b, nil
}

// OpenBundleFile opens a bundle by name; the caller closes the second result.
func OpenBundleFile(name string, trust Trust) (*Bundle, io.Closer, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s is not a file", ErrFormat, name)
	}
	var b *Bundle
	if err == nil {
		b, err = OpenBundle(f, info.Size(), trust)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return b, f, nil
}

// Parts lists the parts that the bundle really holds.
func (b *Bundle) Parts() []Part {
	parts := make([]Part, len(b.parts))
	for i, p := range b.parts {
		parts[i] = p.Part
	}
	return parts
}

// OpenPart opens a part for reading. Who reads it must compare the hash: unpack
// and StreamBundle do. A part that the bundle does not hold is ErrNoPart.
func (b *Bundle) OpenPart(sum Hash) (*io.SectionReader, error) {
	for _, p := range b.parts {
		if p.SHA256 == sum {
			return io.NewSectionReader(b.r, p.off, p.Size), nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrNoPart, sum.Short())
}

// ErrNoPart is returned for a part that a source does not hold.
var ErrNoPart = errors.New("this bundle does not hold the part")

// StreamBundle reads a bundle once from its beginning: take gets each part in
// order and must read it whole; the hash is compared after take returned, so
// what take kept counts only when StreamBundle goes on. It returns the verified
// release.
func StreamBundle(r io.Reader, trust Trust, take func(Release, Part, io.Reader) error) (Release, error) {
	h, err := readHead(r)
	if err != nil {
		return Release{}, err
	}
	rel, parts, err := h.verify(trust)
	if err != nil {
		return Release{}, err
	}
	for _, p := range parts {
		sum := sha256.New()
		lim := &io.LimitedReader{R: r, N: p.Size}
		if err := take(rel, p, io.TeeReader(lim, sum)); err != nil {
			return Release{}, err
		}
		if lim.N != 0 {
			return Release{}, fmt.Errorf("%w: the bundle is cut within part %s; copy it again", ErrFormat, p.SHA256.Short())
		}
		if Hash(sum.Sum(nil)) != p.SHA256 {
			return Release{}, fmt.Errorf("%w: part %s was altered; copy the bundle again", ErrFormat, p.SHA256.Short())
		}
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return Release{}, fmt.Errorf("%w: bytes follow the end of the bundle; copy it again", ErrFormat)
	}
	return rel, nil
}

// head is a bundle's beginning, checked for damage but not verified.
type head struct {
	manifest, signatures []byte
	parts                []listed
	size                 int64
}

type listed struct {
	sum  Hash
	size uint64
}

func readHead(r io.Reader) (head, error) {
	var h head
	fixed := make([]byte, bundleFixed)
	if err := readAll(r, fixed); err != nil {
		return h, err
	}
	if string(fixed[:8]) != bundleMagic {
		if string(fixed[:6]) == bundleMagic[:6] {
			return h, fmt.Errorf("%w: a bundle of a newer kind; install a newer package by hand", ErrFormat)
		}
		return h, fmt.Errorf("%w: the file is no bundle of tramxa", ErrFormat)
	}
	m, s, n := binary.LittleEndian.Uint32(fixed[8:]), binary.LittleEndian.Uint32(fixed[12:]), binary.LittleEndian.Uint32(fixed[16:])
	if m > MaxManifest || s > MaxSignatures || n > maxPartsCount {
		return h, fmt.Errorf("%w: the beginning of the bundle is damaged; copy it again", ErrFormat)
	}
	rest := make([]byte, int(m)+int(s)+int(n)*bundleEntry+4)
	if err := readAll(r, rest); err != nil {
		return h, err
	}
	body := rest[:len(rest)-4]
	sum := crc32.Update(crc32.Checksum(fixed, castagnoli), castagnoli, body)
	if sum != binary.LittleEndian.Uint32(rest[len(body):]) {
		return h, fmt.Errorf("%w: the beginning of the bundle is damaged; copy it again", ErrFormat)
	}
	h.manifest, h.signatures = body[:m:m], body[m:m+s:m+s]
	for list := body[m+s:]; len(list) > 0; list = list[bundleEntry:] {
		h.parts = append(h.parts, listed{Hash(list[:32]), binary.LittleEndian.Uint64(list[32:bundleEntry])})
	}
	h.size = int64(bundleFixed + len(rest))
	return h, nil
}

func readAll(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: the bundle is cut short; copy it again", ErrFormat)
	}
	if err != nil {
		return &SourceError{err}
	}
	return nil
}

// verify checks the release and that every listed part is one of its parts.
func (h head) verify(trust Trust) (Release, []Part, error) {
	rel, err := trust.Verify(h.manifest, h.signatures)
	if err != nil {
		return Release{}, nil, err
	}
	all := rel.Parts()
	var parts []Part
	for _, l := range h.parts {
		i := slices.IndexFunc(all, func(p Part) bool { return p.SHA256 == l.sum })
		if i < 0 || uint64(all[i].Size) != l.size || slices.ContainsFunc(parts, func(p Part) bool { return p.SHA256 == l.sum }) {
			return Release{}, nil, fmt.Errorf("%w: part %s is not one of the signed release, or stands twice", ErrFormat, l.sum.Short())
		}
		parts = append(parts, all[i])
	}
	return rel, parts, nil
}

// WriteBundle writes a bundle of these documents and parts. open gives the bytes
// of a part; they are verified while they are written.
func WriteBundle(w io.Writer, manifest, signatures []byte, parts []Part, open func(Part) (io.ReadCloser, error)) error {
	b := []byte(bundleMagic)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(manifest)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(signatures)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(parts)))
	b = append(append(b, manifest...), signatures...)
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint64(append(b, p.SHA256[:]...), uint64(p.Size))
	}
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if _, err := w.Write(b); err != nil {
		return err
	}
	for _, p := range parts {
		if err := writePart(w, p, open); err != nil {
			return fmt.Errorf("part %s: %w", p.SHA256.Short(), err)
		}
	}
	return nil
}

func writePart(w io.Writer, p Part, open func(Part) (io.ReadCloser, error)) error {
	r, err := open(p)
	if err != nil {
		return err
	}
	defer r.Close()
	got, n, err := hashOf(io.TeeReader(io.LimitReader(r, p.Size+1), w))
	if err == nil && (got != p.SHA256 || n != p.Size) {
		err = fmt.Errorf("%w: %d bytes that are not the part", ErrFormat, n)
	}
	return err
}
