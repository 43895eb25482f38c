package batch

import (
	"errors"

	"tramxa/appliance/journal"
)

// Bounds of one batch. A decoder checks them before it allocates.
const (
	MaxPacked  = 256 << 10 // bytes of the whole batch
	MaxRaw     = 1 << 20   // bytes of all heads and bodies, unpacked
	MaxRecords = 2000
	maxRatio   = 64 // raw bytes a packed byte may stand for, beyond ratioFree
	ratioFree  = 64 << 10
)

// Errors callers decide on.
var (
	ErrMalformed = errors.New("malformed batch")                // bytes that no version of this package writes
	ErrNewer     = errors.New("batch format is newer")          // understood only by a newer program
	ErrTooLarge  = errors.New("batch exceeds its bounds")       // cut it smaller
	ErrChain     = errors.New("batch breaks the chain")         // records do not lead from pre-hash to post-hash
	ErrSignature = errors.New("batch signature does not match") // not signed by this key for what it states
)

// Limits bound what Cut puts in one batch. The zero value means the bounds of
// the format.
type Limits struct {
	Packed  int // bytes of the batch
	Raw     int // bytes of heads and bodies
	Records int
}

func (l Limits) orDefault() Limits {
	return Limits{within(l.Packed, MaxPacked), within(l.Raw, MaxRaw), within(l.Records, MaxRecords)}
}

func within(n, bound int) int {
	if n <= 0 || n > bound {
		return bound
	}
	return n
}

// Fits returns how many leading records of recs keep l.Raw and l.Records; at
// least one when there is one.
func (l Limits) Fits(recs []journal.Record) int {
	l = l.orDefault()
	raw := 0
	for i, r := range recs {
		raw += len(r.Head) + len(r.Body)
		if i == l.Records || (raw > l.Raw && i > 0) {
			return i
		}
	}
	return len(recs)
}

// swollen reports whether raw bytes from so few packed ones are more than a
// decoder will work for.
func swollen(raw, packed int) bool { return raw > ratioFree && raw > maxRatio*packed }
