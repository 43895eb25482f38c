package fsm

import (
	"encoding/binary"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/tuple"
)

// Applied names the newest command the state contains.
type Applied struct {
	Index, Term uint64
	at          uint64 // badger timestamp of the transaction that completed it
}

// A transaction that completes command index commits at a timestamp of at least
// index<<partBits; parts of a command too large for one transaction, and their
// repetition after a crash, use the ones above. Readers read at the timestamp
// in the applied row, so they never see part of a command.
const partBits = 12

func (a Applied) encode() []byte {
	var w tuple.Writer
	w.Uint(a.Index)
	w.Uint(a.Term)
	w.Uint(a.at)
	return w.Tuple()
}

func decodeApplied(b []byte) (Applied, error) {
	r := tuple.NewReader(b)
	a := Applied{Index: r.Uint(tuple.MaxInt >> partBits), Term: r.Uint(tuple.MaxInt), at: r.Uint(tuple.MaxInt)}
	return a, r.Close()
}

// progress is kept while a command is applied in several transactions.
type progress struct {
	Index       uint64
	Quarantined uint64 // by the parts done
}

func (p progress) encode() []byte {
	var w tuple.Writer
	w.Uint(p.Index)
	w.Uint(p.Quarantined)
	return w.Tuple()
}

func decodeProgress(b []byte) (progress, error) {
	r := tuple.NewReader(b)
	p := progress{Index: r.Uint(tuple.MaxInt), Quarantined: r.Uint(tuple.MaxInt)}
	return p, r.Close()
}

// The ledger proves that no transaction has vanished from the middle: badger
// drops, silently, what follows a flipped bit in a write-ahead file, and a newer
// file may survive an older one. Every transaction writes its number, its
// timestamp and that of the one before into a ring of slots, so a hole shows as
// a slot with an old number. The ring is longer than a write-ahead file can have
// transactions of ordinary size.
const ledgerSlots = 1 << 16

type ledgerEntry struct{ number, at, before uint64 }

func (l ledgerEntry) encode() []byte {
	b := make([]byte, 0, 24)
	return be64(be64(be64(b, l.number), l.at), l.before)
}

func decodeLedger(b []byte) (ledgerEntry, error) {
	if len(b) != 24 {
		return ledgerEntry{}, fmt.Errorf("ledger entry of %d bytes", len(b))
	}
	return ledgerEntry{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])}, nil
}

func (l ledgerEntry) key() []byte { return ledgerKey(uint16(l.number % ledgerSlots)) }

// readLedger returns the newest entry after checking that all before it in the
// ring are there; the zero entry for an empty database.
func readLedger(txn *badger.Txn) (ledgerEntry, error) {
	slots := map[uint64]ledgerEntry{}
	var newest ledgerEntry
	v := View{txn: txn}
	err := v.each(nodeKey(nodeLedger), true, func(_, value []byte) error {
		l, err := decodeLedger(value)
		slots[l.number] = l
		if l.number > newest.number {
			newest = l
		}
		return err
	})
	if err != nil {
		return newest, err
	}
	for l := newest; l.number > 1 && newest.number-l.number < ledgerSlots-1; {
		prev, ok := slots[l.number-1]
		if !ok || prev.at != l.before {
			return newest, fmt.Errorf("%w: transaction %d of %d is missing", ErrDamaged, l.number-1, newest.number)
		}
		l = prev
	}
	return newest, nil
}
