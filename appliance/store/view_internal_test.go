package store

import (
	"encoding/binary"
	"errors"
	"log/slog"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
)

// TestWhatFitsCanBeCommitted finds the limits of a transaction by trying, and
// that fits never says yes above them.
func TestWhatFitsCanBeCommitted(t *testing.T) {
	key, err := viewKey(journal.Key{})
	if err != nil {
		t.Fatal(err)
	}
	size, err := ViewOptions{}.defaults()
	if err != nil {
		t.Fatal(err)
	}
	v, err := openView(t.TempDir(), size, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	for i, valueSize := range []int{0, 60, 1 << 10, 64 << 10} {
		txn := v.write()
		rows, bytes := 0, 0
		for v.fits(rows+1, bytes+8+valueSize) {
			k := binary.BigEndian.AppendUint64(nil, uint64(rows))
			if err := txn.Set(k, make([]byte, valueSize)); err != nil {
				t.Fatalf("values of %d bytes: row %d fits but is refused: %v", valueSize, rows, err)
			}
			rows, bytes = rows+1, bytes+8+valueSize
		}
		if err := v.commit(txn, journal.Seq(i+1)); err != nil {
			t.Fatalf("values of %d bytes: %d rows fit but are not committed: %v", valueSize, rows, err)
		}
	}
	txn := v.write()
	defer txn.Discard()
	n := 0
	for ; err == nil; n++ {
		err = txn.Set(binary.BigEndian.AppendUint64(nil, uint64(n)), nil)
	}
	if !errors.Is(err, badger.ErrTxnTooBig) || v.fits(n, 8*n) {
		t.Errorf("%d rows are refused (%v) but fit", n, err)
	}
}
