package hubcopy

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
)

// Copy is an opened copy. Nothing of its snapshot is certain before it was read to
// its end.
type Copy struct {
	Header   Header
	Manifest Manifest
	CA       ed25519.PrivateKey // the hub's authority; nil: not in it, or not opened by the code

	fs   journal.FS
	path string
	keys Keys
	size int64
}

// Open opens a copy with the key of the node that made it; ErrWrongKey, ErrDamaged,
// ErrNewer.
func Open(path string, k Keys) (*Copy, error) { return openCopy(journal.OS, path, k) }

// OpenWithCode opens a copy with the recovery code; ErrWrongCode, ErrDamaged,
// ErrNewer.
func OpenWithCode(path string, code backups.RecoveryCode) (*Copy, error) {
	h, err := headerOf(path)
	if err != nil {
		return nil, err
	}
	k, ca, err := openSealed(h.sealed, h.Pin, code)
	if err != nil {
		return nil, err
	}
	c, err := Open(path, k)
	if err == nil {
		c.CA = ca
	}
	return c, err
}

func openCopy(fsys journal.FS, path string, k Keys) (*Copy, error) {
	c := &Copy{fs: fsys, path: path, keys: k}
	f, r, err := c.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c.size, err = f.Size()
	if err == nil {
		err = c.readManifest(r)
	}
	return c, err
}

// open returns the file and a reader of what is in the chunks.
func (c *Copy) open() (journal.File, io.Reader, error) {
	f, err := c.fs.OpenFile(c.path, os.O_RDONLY, 0)
	if err != nil {
		return nil, nil, err
	}
	if fd, ok := f.(interface{ Fd() uintptr }); ok {
		forget(fd.Fd())
	}
	r, err := c.unseal(f)
	if err != nil {
		_ = f.Close() // the first error is the one to tell
		return nil, nil, err
	}
	return f, r, nil
}

// unseal reads the header and returns what follows it.
func (c *Copy) unseal(f io.Reader) (io.Reader, error) {
	h, err := ReadHeader(f)
	if err != nil {
		return nil, err
	}
	if h.keyID != c.keys.id() || h.Pin != c.keys.Pin {
		return nil, ErrWrongKey
	}
	box, err := c.keys.chunks(h.encode(), h.salt)
	if err != nil {
		return nil, err
	}
	c.Header = h
	return newOpener(f, box), nil
}

func (c *Copy) readManifest(r io.Reader) error {
	var n [4]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return fmt.Errorf("%w: manifest: %w", ErrDamaged, err)
	}
	size := binary.BigEndian.Uint32(n[:])
	if size > maxManifest {
		return fmt.Errorf("%w: manifest of %d bytes", ErrDamaged, size)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return fmt.Errorf("%w: manifest: %w", ErrDamaged, err)
	}
	m, err := parseManifest(b)
	if err != nil {
		return err
	}
	if m.Pin != c.Header.Pin.String() || m.Made != c.Header.Made.Format(time.RFC3339) {
		return fmt.Errorf("%w: header and manifest disagree", ErrDamaged)
	}
	c.Manifest = m
	return nil
}

// Size of the copy's file in bytes.
func (c *Copy) Size() int64 { return c.size }

// Path of the copy's file.
func (c *Copy) Path() string { return c.path }

// snapshot returns the snapshot stream in the copy.
func (c *Copy) snapshot() (io.ReadCloser, error) {
	f, r, err := c.open()
	if err != nil {
		return nil, err
	}
	if err := c.readManifest(r); err != nil {
		_ = f.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}
