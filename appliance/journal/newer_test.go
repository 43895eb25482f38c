package journal

import (
	"errors"
	"testing"
)

// TestLaterFormatsAreNotDamage: such a journal is refused and never healed.
func TestLaterFormatsAreNotDamage(t *testing.T) {
	b := header{number: 1, first: 1}.marshal()
	b[4]++
	b = appendCRC(b[:headerLen-crcLen], 0)
	if _, err := parseHeader(b); !errors.Is(err, ErrNewer) || !errors.Is(err, ErrFormat) {
		t.Errorf("segment: %v", err)
	}
	if _, err := ParseGenesis(append([]byte(genesisMagic), genesisVersion+1, 0, 0)); !errors.Is(err, ErrNewer) {
		t.Errorf("genesis: %v", err)
	}
}
