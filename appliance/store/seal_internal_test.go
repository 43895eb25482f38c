package store

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/klauspost/compress/zstd"

	"tramxa/appliance/journal"
)

// sealPlain makes a checkpoint file whose plain stream is b, whatever b is.
func sealPlain(t testing.TB, b []byte, key journal.Key) []byte {
	t.Helper()
	head := ckptHead{CheckpointInfo: testInfo(), keyID: key.ID}
	sealer, err := newChunkSealer(head, key)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	out.Write(head.marshal())
	chunks := &chunkWriter{w: &out, sealer: sealer}
	z, err := zstd.NewWriter(chunks, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(ckptWindow))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := chunks.close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(out.Bytes())
	out.Write(sum[:])
	return out.Bytes()
}
