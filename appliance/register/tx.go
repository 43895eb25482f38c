package register

import (
	"math"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
)

// Tx moves the register of one station by records, inside one badger
// transaction that somebody else opened and commits. Nothing reaches that
// transaction before Flush. One goroutine uses it, and no other Tx of the same
// station is in use on the same transaction.
type Tx struct {
	view *View
	book *book
}

// Begin starts on a transaction. It never fails: a first read that does is
// reported by Apply, Flush and Err.
func Begin(txn *badger.Txn, station journal.Station) *Tx {
	b := &book{rows: newRows(txn, station)}
	return &Tx{view: &View{book: b}, book: b}
}

// View reads the register with everything applied so far in it. It is the same
// View each time, and its Err is the Tx's.
func (t *Tx) View() *View { return t.view }

// Err returns the first error that a method without an error result met.
func (t *Tx) Err() error { return t.view.err }

// Applied returns the sequence of the newest record applied, 0 when none.
func (t *Tx) Applied() journal.Seq { return t.view.Applied() }

// NextSerial returns the next serial to mint under m: one above the highest
// that any applied entry names, whether it is still live or not, so that none
// is given twice. It is 0 when all are used up.
func (t *Tx) NextSerial(m population.Mint) uint32 {
	high, err := t.book.highest(m)
	t.view.stick(err)
	if err != nil || high == math.MaxUint32 {
		return 0
	}
	return high + 1
}

// Repeat tells which entries a command key was answered with; ok is false for
// a key never seen. The key (0, 0) is none and is never found.
func (t *Tx) Repeat(device uint32, seq uint64) (seqs []uint64, ok bool) {
	return t.view.Repeat(device, seq)
}

// Savepoint marks the place Rollback goes back to. Savepoints nest.
func (t *Tx) Savepoint() { t.book.savepoint() }

// Rollback takes back all that was applied since the newest savepoint, and
// ends that savepoint. It leaves no trace. The error is ErrNested.
func (t *Tx) Rollback() error {
	t.book.decoded = nil
	return t.book.rollback()
}

// Release ends the newest savepoint and keeps what was applied since. The
// error is ErrNested.
func (t *Tx) Release() error { return t.book.release() }

// Size tells how much Flush would write now: rows, and bytes of keys and
// values. A transaction takes less than badger.DB.MaxBatchCount rows and
// MaxBatchSize bytes; one record alone always fits an 8 MiB memtable.
func (t *Tx) Size() (rows, bytes int) { return len(t.book.over), t.book.bytes }

// Flush writes to the transaction what was applied; before it the transaction
// holds nothing of it, and after it the Tx may go on. After an error
// (badger.ErrTxnTooBig among them) the transaction must be discarded. With a
// savepoint open it is ErrNested.
func (t *Tx) Flush() error {
	if t.view.err != nil {
		return t.view.err
	}
	return t.book.flush()
}

// highest reads the highest serial seen under a mint.
func (b *book) highest(m population.Mint) (uint32, error) {
	v, err := b.get(b.serial(m))
	if err != nil || v == nil {
		return 0, err
	}
	r := reader{b: v}
	n := r.uint()
	return uint32(n), r.close("serial")
}

// note remembers the serials of the entities of an entry as used.
func (b *book) note(refs []population.Ref) error {
	high := make(map[population.Mint]uint32, 1)
	for _, ref := range refs {
		switch ref.Type {
		case population.TypePerson, population.TypeHousehold, population.TypeArea:
			high[ref.ID.Mint()] = max(high[ref.ID.Mint()], ref.ID.Serial())
		}
	}
	for m, n := range high { // rows of different mints: the order makes no difference
		was, err := b.highest(m)
		if err != nil {
			return err
		}
		if n > was {
			w := writer{}
			w.uint(uint64(n))
			b.set(b.serial(m), w.b)
		}
	}
	return nil
}
