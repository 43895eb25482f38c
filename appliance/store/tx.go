package store

import (
	"errors"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// Tx is one command's turn in the writer's transaction. It sees what the
// commands before it in the group have added, though that is not yet durable:
// its answer goes out only when it is.
type Tx struct {
	g      *group
	first  journal.Seq
	last   journal.Seq
	over   bool  // the group has no room for this command
	bad    error // the view could not be read
	closed bool
}

// errGroupFull ends a command's turn; the store tries it again in the next group.
var errGroupFull = errors.New("group is full, the command comes again")

// Add numbers d, folds it into the register and puts it in the group. Whatever
// error it returns the function should return; then nothing of the command
// stays. ErrTooLarge: more than journal.MaxGroup records or journal.MaxFrame
// bytes in one command. ErrNotFolded: the register would quarantine the entry,
// so it must not be written.
func (tx *Tx) Add(d journal.Draft) (journal.Seq, error) {
	if tx.closed {
		return 0, errors.New("store: a transaction was used after its function returned")
	}
	if len(d.Body) > journal.MaxBody {
		return 0, fmt.Errorf("%w: a body of %d bytes", ErrTooLarge, len(d.Body))
	}
	g := tx.g
	size := journal.MaxHead + 16 + len(d.Body)
	if len(g.drafts) == journal.MaxGroup || g.size+size > journal.MaxFrame {
		tx.over = true
		return 0, errGroupFull
	}
	r := journal.Record{Seq: g.next, Head: d.Envelope.Append(nil), Body: d.Body}
	out, err := g.reg.Apply(population.Mint(g.s.origin.Mint), r)
	if err != nil {
		tx.bad = err
		return 0, err
	}
	if out.Quarantined {
		return 0, fmt.Errorf("%w: %v", ErrNotFolded, out.Reason)
	}
	g.drafts = append(g.drafts, d)
	g.size += size
	g.next++
	if tx.first == 0 {
		tx.first = r.Seq
	}
	tx.last = r.Seq
	return r.Seq, nil
}

// View is the register as this command sees it, its own additions included.
func (tx *Tx) View() *register.View { return tx.g.reg.View() }

// Mint is the number under which new ids are minted.
func (tx *Tx) Mint() population.Mint { return population.Mint(tx.g.s.origin.Mint) }

// NextSerial is the first serial free under Mint.
func (tx *Tx) NextSerial() uint32 { return tx.g.reg.NextSerial(tx.Mint()) }

// Repeat returns the records a command with this key has made, if it was seen.
func (tx *Tx) Repeat(device uint32, seq uint64) ([]uint64, bool) {
	return tx.g.reg.Repeat(device, seq)
}

// Next is the sequence the next Add will give.
func (tx *Tx) Next() journal.Seq { return tx.g.next }
