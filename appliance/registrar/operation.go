package registrar

import (
	"context"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/store"
)

// seriesDevices begins the device numbers of operations. Devices proper are
// numbered from 1 and never get this far.
const seriesDevices = 1 << 31

// SeriesKey is the key of the n-th command (from 1) of an operation: a series
// broken off is taken up again by sending it from the start.
func SeriesKey(op journal.Seq, n uint64) Key {
	return Key{Device: seriesDevices | uint32(op), Seq: n}
}

// Begin opens an operation and returns its id, once durable. The envelope of
// every command of the series carries it (Command.Op).
func (r *Registrar) Begin(ctx context.Context, actor uint32, e population.OperationBegun) (journal.Seq, error) {
	got, err := r.station(ctx, actor, func(*store.Tx) (population.Entry, error) { return e, nil }, 0)
	return got.First, err
}

// End closes an operation. Ending one that has ended changes nothing.
func (r *Registrar) End(ctx context.Context, actor uint32, e population.OperationEnded) error {
	_, err := r.station(ctx, actor, func(tx *store.Tx) (population.Entry, error) {
		o := tx.View().Operation(e.Operation)
		switch {
		case o == nil:
			return nil, fmt.Errorf("%w: there is no operation %d", ErrBadCommand, e.Operation)
		case o.Ended:
			return nil, nil
		}
		return e, nil
	}, journal.Seq(e.Operation))
	return err
}

// station writes an entry that is the station's own book-keeping, on behalf of
// a user who may write vital entries.
func (r *Registrar) station(ctx context.Context, actor uint32, make func(*store.Tx) (population.Entry, error), op journal.Seq) (store.Committed, error) {
	return r.store.Update(ctx, func(tx *store.Tx) error {
		e, err := make(tx)
		if err != nil || e == nil {
			return err
		}
		t := &turn{r: r, tx: tx, actor: actor, cmd: Command{Entries: []population.Entry{e}, Op: op}}
		if err := authorise(tx.View(), actor, t.cmd); err != nil {
			return err
		}
		kind, version, body, err := population.EncodeBody(tx.Mint(), e)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrBadCommand, err)
		}
		_, err = tx.Add(journal.Draft{Envelope: t.envelope(e, kind, version), Body: body})
		return err
	})
}

// operation reads an operation's state.
func (r *Registrar) operation(ctx context.Context, op journal.Seq) (*population.Operation, error) {
	var o *population.Operation
	err := r.store.View(ctx, func(v *register.View) error {
		o = v.Operation(uint64(op))
		return nil
	})
	if err == nil && o == nil {
		err = fmt.Errorf("%w: there is no operation %d", ErrBadCommand, op)
	}
	return o, err
}
