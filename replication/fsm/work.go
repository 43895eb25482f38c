package fsm

// work is one transaction of the applying goroutine. Its View sees the parts of
// a command already committed and everything set in the transaction itself.
type work struct {
	View
	f     *FSM
	index uint64 // of the entry being applied
	alone bool   // nothing else is in the transaction, so a batch may be divided
	ts    uint64
}

// begin opens a transaction. It reads at the newest timestamp, that of parts
// included.
func (f *FSM) begin() *work {
	ts := max(f.ledger.at, f.Applied().at)
	return &work{View: View{txn: f.db.NewTransactionAt(ts, true), at: f.Applied(), unpacked: f.unpacked}, f: f, ts: ts}
}

func (w *work) discard() { w.txn.Discard() }

// set writes a row. badger keeps both slices until the commit.
func (w *work) set(key, value []byte) error { return w.txn.Set(key, value) }

// complete commits the transaction as the one after which a is applied.
func (w *work) complete(a Applied) error {
	w.ts = max(w.ts+1, a.Index<<partBits)
	a.at = w.ts
	if err := w.set(nodeKey(nodeApplied), a.encode()); err != nil {
		return err
	}
	if err := w.write(); err != nil {
		return err
	}
	w.f.mu.Lock()
	w.f.applied = a
	w.f.mu.Unlock()
	w.f.db.advance(a.at)
	return nil
}

// commit commits the transaction as a part of the command being applied.
func (w *work) commit() error {
	w.ts++
	return w.write()
}

func (w *work) write() error {
	last := w.f.ledger
	next := ledgerEntry{number: last.number + 1, at: w.ts, before: last.at}
	if err := w.set(next.key(), next.encode()); err != nil {
		return err
	}
	if err := w.txn.CommitAt(w.ts, nil); err != nil {
		return err
	}
	w.f.ledger = next
	return nil
}
