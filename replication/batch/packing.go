package batch

import (
	"fmt"

	"tramxa/appliance/journal"
)

// Packing says how the records of a batch are packed. The numbers are part of
// the format. Numbers from 64 are reserved for packings that carry the hash of
// a withheld body in place of it (and the salts of the bodies that remain).
type Packing uint16

// The packings of version 1.
const (
	Rows     Packing = 0 // records one after the other
	RowsZstd Packing = 1 // the same, in a zstd frame

	packingsKnown = 2
)

// pack packs recs the smallest way and says in h which it was. At a tie the
// lower packing is taken.
func pack(recs []journal.Record, h *Header) []byte {
	rows := packRows(recs, h.Raw)
	best := rows
	if z := compress(rows); len(z) < len(best) {
		best, h.Packing = z, RowsZstd
	}
	return best
}

func unpack(packed []byte, h Header) ([]journal.Record, error) {
	if h.Dictionary != 0 {
		return nil, fmt.Errorf("%w: dictionary %d", ErrNewer, h.Dictionary)
	}
	rows := packed
	if h.Packing == RowsZstd {
		var err error
		if rows, err = expand(packed, h.Raw+h.Count()*maxRowPrefix); err != nil {
			return nil, err
		}
	}
	return unpackRows(rows, h)
}
