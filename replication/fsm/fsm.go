package fsm

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"sync"

	"github.com/hashicorp/raft"

	"tramxa/appliance/journal"
)

// Errors callers decide on.
var (
	// ErrStopped: this node's state machine met an error of its disk, a damaged
	// or a newer command. It answers nothing more; the node must be restarted.
	ErrStopped = errors.New("state machine has stopped")
	// ErrDamaged: the database has lost something. Open sets it aside.
	ErrDamaged = errors.New("state database is damaged")
	// ErrInUse: another process has the directory open.
	ErrInUse = errors.New("state database is in use by another process")
)

// Options of a state machine.
type Options struct {
	Dir          string // required; created when missing
	BlockCache   int64  // bytes; 0: 128 MiB
	IndexCache   int64  // bytes; 0: 64 MiB
	ValueLogFile int64  // bytes of one file of the archive; 0: 256 MiB
	// LogType tells the type of an entry of the raft log, so that indexes never
	// handed to the state machine can be accounted for. For an index the log has
	// dropped because a snapshot holds it, it says LogNoop. Nil: not checked.
	LogType func(index uint64) (raft.LogType, error)
	Log     *slog.Logger // nil: discarded
}

func (o Options) withDefaults() Options {
	if o.BlockCache == 0 {
		o.BlockCache = 128 << 20
	}
	if o.IndexCache == 0 {
		o.IndexCache = 64 << 20
	}
	if o.ValueLogFile == 0 {
		o.ValueLogFile = 256 << 20
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// FSM is the state machine of one hub node. Apply, ApplyBatch, Snapshot and
// Restore are raft's to call, from one goroutine; everything else may be called
// from any.
type FSM struct {
	o Options

	mu      sync.RWMutex // guards what follows
	db      *database
	applied Applied
	stopped error
	closed  bool

	ledger ledgerEntry // newest; only the applying goroutine
	damage error       // found by Open
	marks  *marks
	// unpacked is shared by readers and the applying goroutine.
	unpacked *unpacked

	sweeping sync.WaitGroup // removal of databases replaced by Restore
}

var _ raft.BatchingFSM = (*FSM)(nil)

// Open opens the state in o.Dir, or begins an empty one. A damaged database is
// set aside as bad-<n>, an empty one takes its place and Damage tells why: the
// state then comes back from a snapshot and the raft log.
func Open(o Options) (*FSM, error) {
	o = o.withDefaults()
	if err := journal.OS.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	f := &FSM{o: o, marks: newMarks(), unpacked: new(unpacked)}
	name, err := currentName(o.Dir)
	if err != nil {
		return nil, err
	}
	if name != "" {
		err = f.load(name)
		if err == nil {
			return f, sweep(o.Dir, name)
		}
		if errors.Is(err, ErrInUse) {
			return nil, err
		}
		f.damage = err
		o.Log.Error("state database set aside", "database", name, "error", err)
		if err := setAside(o.Dir, name); err != nil {
			return nil, fmt.Errorf("set a damaged database aside: %w", err)
		}
	}
	if name, err = nextName(o.Dir); err != nil {
		return nil, err
	}
	if err := sweep(o.Dir, ""); err != nil {
		return nil, err
	}
	if err := f.load(name); err != nil {
		return nil, err
	}
	return f, setCurrent(o.Dir, name)
}

// load opens the database name and reads where it stands.
func (f *FSM) load(name string) error {
	db, err := openDatabase(filepath.Join(f.o.Dir, name), f.o, true)
	if err != nil {
		return err
	}
	applied, ledger, err := standing(db)
	if err != nil {
		db.close()
		return err
	}
	f.use(db, applied, ledger)
	return nil
}

// standing reads the applied row and proves it by the ledger.
func standing(db *database) (a Applied, l ledgerEntry, err error) {
	defer func() {
		if p := recover(); p != nil { // badger on a table it cannot read
			err = fmt.Errorf("%w: %v", ErrDamaged, p)
		}
	}()
	// badger takes a block it cannot read for the end of a table: rows would be
	// missing without a word. So everything is read once at the start.
	if err = db.VerifyChecksum(); err != nil {
		return a, l, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	txn := db.NewTransactionAt(math.MaxUint64, false)
	defer txn.Discard()
	if l, err = readLedger(txn); err != nil {
		return a, l, err
	}
	a, _, err = row(&View{txn: txn}, nodeKey(nodeApplied), decodeApplied)
	if err == nil && l.at < a.at {
		err = fmt.Errorf("%w: applied row and ledger disagree", ErrDamaged)
	}
	return a, l, err
}

func (f *FSM) use(db *database, a Applied, l ledgerEntry) {
	f.mu.Lock()
	old := f.db
	f.db, f.applied, f.ledger = db, a, l
	f.mu.Unlock()
	db.advance(a.at)
	if old != nil {
		old.close()
	}
}

// Damage returns why Open set a database aside, nil when it did not.
func (f *FSM) Damage() error { return f.damage }

// Applied returns the newest command the state contains.
func (f *FSM) Applied() Applied {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.applied
}

// Err returns why the state machine stopped, nil while it runs.
func (f *FSM) Err() error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.stopped
}

func (f *FSM) stop(cause error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped == nil {
		f.stopped = fmt.Errorf("%w: %w", ErrStopped, cause)
		f.o.Log.Error("state machine stopped", "index", f.applied.Index, "error", cause)
	}
	return f.stopped
}

// View calls fn with the state as it is now. It stays as it is during fn,
// whatever is applied meanwhile.
func (f *FSM) View(fn func(*View) error) error {
	p, err := f.pin()
	if err != nil {
		return err
	}
	defer p.release()
	return fn(&p.View)
}

// pinned is a view that keeps its versions until release.
type pinned struct {
	View
	db *database
}

func (f *FSM) pin() (*pinned, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.closed || !f.db.pin(f.applied.at) {
		return nil, fmt.Errorf("%w: closed", ErrStopped)
	}
	return &pinned{View{f.db.NewTransactionAt(f.applied.at, false), f.applied, f.unpacked}, f.db}, nil
}

func (p *pinned) release() {
	p.txn.Discard()
	p.db.unpin(p.at.at)
}

// Close waits for readers and closes the database. Raft must have been shut down.
func (f *FSM) Close() error {
	f.mu.Lock()
	f.closed = true
	db := f.db
	f.mu.Unlock()
	f.marks.wait()
	db.close()
	<-db.done
	f.sweeping.Wait()
	return nil
}
