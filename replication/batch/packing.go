package batch

import (
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/tuple"
)

// Packing says how the records of a batch are packed. The numbers are part of
// the format. Numbers from 64 are reserved for packings that carry the hash of
// a withheld body in place of it (and the salts of the bodies that remain).
type Packing uint16

// The packings of version 1.
const (
	Rows     Packing = 0 // records one after the other
	RowsZstd Packing = 1 // the same, in a zstd frame
	Modelled Packing = 2 // values by place, arithmetic coding under a model of each place

	packingsKnown = 3
)

// pack packs recs the smallest way and says in h which it was; at a tie the
// lower packing is taken. What is mostly of no known grammar is not worth the
// model's time, and what the model packs well not a second try.
func pack(recs []journal.Record, h *Header) ([]byte, error) {
	rows := packRows(recs, h.Raw)
	best := rows
	if opaque(recs) < h.Raw/2 {
		m, err := packModelled(recs, newestDictionary)
		if err != nil {
			return nil, err
		}
		if len(m) < len(best) && !swollen(h.Raw, len(m)) {
			best, h.Packing, h.Dictionary = m, Modelled, newestDictionary
		}
	}
	if len(best) > len(rows)*3/4 {
		if z := compress(rows); len(z) < len(best) && !swollen(h.Raw, len(z)) {
			best, h.Packing, h.Dictionary = z, RowsZstd, 0
		}
	}
	return best, nil
}

// opaque counts the bytes of bodies that are no tuples.
func opaque(recs []journal.Record) (n int) {
	for _, r := range recs {
		if tuple.Check(r.Body) != nil {
			n += len(r.Body)
		}
	}
	return n
}

func unpack(packed []byte, h Header) ([]journal.Record, error) {
	if h.Packing != Modelled && h.Dictionary != 0 {
		return nil, fmt.Errorf("%w: rows with a dictionary", ErrMalformed)
	}
	switch h.Packing {
	case Modelled:
		return unpackModelled(packed, h)
	case RowsZstd:
		rows, err := expand(packed, h.Raw+h.Count()*maxRowPrefix)
		if err != nil {
			return nil, err
		}
		return unpackRows(rows, h)
	}
	return unpackRows(packed, h)
}
