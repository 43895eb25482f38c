package fsm

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/ristretto/v2/z"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
)

// Restore puts the state of a snapshot in place of the present one. It is built
// beside, verified to the last byte and flushed to disk before CURRENT names it;
// a crash before that leaves the old state, and Open sweeps the rest away.
func (f *FSM) Restore(from io.ReadCloser) error {
	defer from.Close()
	name, err := nextName(f.o.Dir)
	if err != nil {
		return err
	}
	dir := filepath.Join(f.o.Dir, name)
	if err := f.build(dir, from); err != nil {
		_ = os.RemoveAll(dir) // what is left is swept at the next start
		return err
	}
	db, err := openDatabase(dir, f.o, true)
	if err != nil {
		return err
	}
	applied, ledger, err := standing(db)
	if err == nil {
		err = setCurrent(f.o.Dir, name)
	}
	if err != nil {
		db.close()
		return err
	}
	f.mu.RLock()
	old := f.db
	f.mu.RUnlock()
	f.use(db, applied, ledger)
	f.sweeping.Go(func() { // readers of the old state may take minutes; applying must not wait for them
		<-old.done
		_ = os.RemoveAll(old.dir) // else swept at the next start
	})
	return nil
}

// build writes a database from a snapshot and closes it, so that all of it is
// in tables and synced.
func (f *FSM) build(dir string, from io.Reader) error {
	db, err := openDatabase(dir, f.o, false)
	if err != nil {
		return err
	}
	err = fillDatabase(db.DB, from)
	if cerr := db.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = journal.OS.SyncDir(dir)
	}
	return err
}

// fillDatabase streams the rows straight into sorted tables. The timestamp is
// not known to matter to anybody yet: all rows get that of the snapshot's index.
func fillDatabase(db *badger.DB, from io.Reader) error {
	w := db.NewStreamWriter()
	if err := w.Prepare(); err != nil {
		return err
	}
	head, r, err := PeekHeader(from)
	if err != nil {
		w.Cancel()
		return err
	}
	if head.Fold > register.FoldVersion {
		w.Cancel()
		return fmt.Errorf("%w: snapshot of fold version %d", ErrNewer, head.Fold)
	}
	at := max(head.Index<<partBits, 1)
	buf := z.NewBuffer(4<<20, "snapshot")
	defer func() { _ = buf.Release() }()
	put := func(key, value []byte) error {
		badger.KVToBuffer(&pb.KV{Key: key, Value: value, Version: at, StreamId: 1}, buf)
		if buf.LenNoPadding() < 2<<20 {
			return nil
		}
		err := w.Write(buf)
		buf.Reset()
		return err
	}
	if _, err = readSnapshot(r, put); err == nil {
		a := Applied{Index: head.Index, Term: head.Term, at: at}
		l := ledgerEntry{number: 1, at: at}
		err = put(nodeKey(nodeApplied), a.encode())
		if err == nil {
			err = put(l.key(), l.encode())
		}
	}
	if err == nil {
		err = w.Write(buf)
	}
	if err != nil {
		w.Cancel()
		return err
	}
	return w.Flush()
}
