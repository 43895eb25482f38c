package batch

import (
	"encoding/binary"
	"fmt"

	"tramxa/appliance/journal"
)

// maxRowPrefix bounds the two lengths in front of a row.
const maxRowPrefix = 1 + 3

// packRows writes each record as uvarint len(head), uvarint len(body), head,
// body.
func packRows(recs []journal.Record, raw int) []byte {
	b := make([]byte, 0, raw+len(recs)*maxRowPrefix)
	for _, r := range recs {
		b = binary.AppendUvarint(b, uint64(len(r.Head)))
		b = binary.AppendUvarint(b, uint64(len(r.Body)))
		b = append(b, r.Head...)
		b = append(b, r.Body...)
	}
	return b
}

func unpackRows(rows []byte, h Header) ([]journal.Record, error) {
	r := reader{b: append([]byte(nil), rows...)}
	recs := make([]journal.Record, h.Count())
	raw := 0
	for i := range recs {
		head, body := r.uvarint(journal.MaxHead), r.uvarint(journal.MaxBody)
		recs[i] = journal.Record{Seq: h.First + journal.Seq(i), Head: r.take(int(head)), Body: r.take(int(body))}
		raw += int(head + body)
		if head == 0 {
			r.bad = true
		}
	}
	if !r.done() || raw != h.Raw {
		return nil, fmt.Errorf("%w: rows", ErrMalformed)
	}
	return recs, nil
}
