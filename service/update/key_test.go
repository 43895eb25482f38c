package update

import (
	"bytes"
	"crypto/ed25519"
)

// testKey is a key that is the same every time.
func testKey(seed byte) *PrivateKey {
	return &PrivateKey{ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))}
}
