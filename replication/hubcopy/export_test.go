package hubcopy

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"io"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/replication/identity"
)

// CheapKeys is NewKeys with a derivation that costs nothing.
func CheapKeys(pin identity.Pin, code backups.RecoveryCode, ca ed25519.PrivateKey, rand io.Reader) (Keys, error) {
	return newKeys(pin, code, ca, rand, 1, 8)
}

// OpenOn is Open on another file system.
func OpenOn(fsys journal.FS, path string, k Keys) (*Copy, error) { return openCopy(fsys, path, k) }

// ProveOn is Prove on a disk with so much free space.
func (c *Copy) ProveOn(ctx context.Context, work string, free func(string) (uint64, error)) error {
	return c.prove(ctx, work, nil, free)
}

// NumbersOn lists the finished copies of a node.
func NumbersOn(fsys journal.FS, place string, pin identity.Pin, node string) ([]uint64, error) {
	return numbers(fsys, place+"/"+folderName(pin, node))
}

// PathOf is where a copy of a node lies.
func PathOf(place string, pin identity.Pin, node string, number uint64) string {
	return place + "/" + folderName(pin, node) + "/" + copyName(number)
}

// EncodeHeader gives the bytes of a header, sealed with k and this salt.
func EncodeHeader(h Header, k Keys, salt [32]byte) []byte {
	h.Pin, h.sealed, h.keyID, h.salt = k.Pin, k.sealed, k.id(), salt
	return h.encode()
}

// Chunks seals b as the copy with this header would.
func Chunks(k Keys, head []byte, salt [32]byte, b []byte) ([]byte, error) {
	box, err := k.chunks(head, salt)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	s := &sealer{to: &out, box: box}
	if _, err := s.Write(b); err != nil {
		return nil, err
	}
	err = s.Close()
	return out.Bytes(), err
}

// OpenChunks reads what Chunks gave.
func OpenChunks(k Keys, head []byte, salt [32]byte, b []byte) ([]byte, error) {
	box, err := k.chunks(head, salt)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(newOpener(bytes.NewReader(b), box))
}

// ParseManifest decodes a manifest.
func ParseManifest(b []byte) (Manifest, error) { return parseManifest(b) }

// MarshalManifest encodes one.
func MarshalManifest(m Manifest) ([]byte, error) { return m.marshal() }

// HeaderSize and ChunkSize are bytes.
const (
	HeaderSize = headerSize
	ChunkSize  = chunkSize
)

// Encode gives the bytes of a header that was read.
func (h Header) Encode() []byte { return h.encode() }
