package store

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"

	"tramxa/appliance/journal"
)

// TestLaterFormatsAreNotCalledDamaged: what to do about them is another thing.
func TestLaterFormatsAreNotCalledDamaged(t *testing.T) {
	b, err := seal(map[string]any{"version": manifestVersion + 1, "station": 7, "something": "new"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseManifest(b); !errors.Is(err, journal.ErrNewer) || errors.Is(err, ErrBadBackup) {
		t.Errorf("manifest: %v", err)
	}
	for i := range b {
		b[i] ^= 1
		if _, err := parseManifest(b); errors.Is(err, journal.ErrNewer) || !errors.Is(err, ErrBadBackup) {
			t.Errorf("manifest with byte %d flipped: %v", i, err)
		}
		b[i] ^= 1
	}
	head := ckptHead{CheckpointInfo: testInfo()}.marshal()
	head[4]++
	binary.BigEndian.PutUint32(head[ckptHeader-4:], crc32.Checksum(head[:ckptHeader-4], castagnoli))
	if _, err := parseCkptHead(head); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("checkpoint: %v", err)
	}
}
