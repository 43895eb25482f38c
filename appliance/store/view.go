package store

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"tramxa/appliance/journal"
)

// view is the open badger database that holds the register. Commit timestamp of
// a record is its sequence + 1, so that sequence 0 has one too.
type view struct {
	db  *badger.DB
	dir string

	applied atomic.Uint64 // sequence the committed rows stand at

	mu      sync.Mutex
	readers map[uint64]int // open read transactions by their timestamp
}

func stamp(seq journal.Seq) uint64 { return uint64(seq) + 1 }

// viewOptions are badger's, with the sizes in size, which must have its defaults.
// Blocks are verified when read; whole files before they are opened (marker.go),
// because badger panics on a damaged block while it opens a table.
func viewOptions(dir string, size ViewOptions, key []byte, log *slog.Logger) badger.Options {
	o := badger.DefaultOptions(dir).
		WithSyncWrites(false). // the journal is the commit
		WithMemTableSize(size.MemTable).WithNumMemtables(2).WithBaseTableSize(2 << 20).
		WithNumLevelZeroTables(2).WithNumLevelZeroTablesStall(4).WithNumCompactors(2).
		WithValueThreshold(1 << 20).WithValueLogFileSize(16 << 20).
		WithBlockCacheSize(size.BlockCache).WithIndexCacheSize(size.IndexCache).
		WithCompression(options.ZSTD).
		WithChecksumVerificationMode(options.OnBlockRead).WithVerifyValueChecksum(true).
		WithNumVersionsToKeep(1).WithDetectConflicts(true).WithMetricsEnabled(false).
		WithNumGoroutines(2).WithCompactL0OnClose(true).
		WithEncryptionKey(key).WithEncryptionKeyRotationDuration(100 * 365 * 24 * time.Hour). // by the wall clock, which may be wrong
		WithLogger(badgerLog{log})
	o.TableSizeMultiplier = 1 // a table's builder takes twice its size; with 2 that is 128 MiB at the lowest level
	return o
}

// viewKey encrypts the view at rest with a key of its own.
func viewKey(data journal.Key) ([]byte, error) {
	return hkdf.Key(sha256.New, data.Bytes[:], nil, "tramxa view key v1", 32)
}

// openView opens the database in dir. A panic of badger over damaged files is an
// error like any other.
func openView(dir string, size ViewOptions, key []byte, log *slog.Logger) (v *view, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = nil, fmt.Errorf("open the view: %v", p)
		}
	}()
	db, err := badger.OpenManaged(viewOptions(dir, size, key, log))
	if err != nil {
		return nil, fmt.Errorf("open the view: %w", err)
	}
	return &view{db: db, dir: dir, readers: map[uint64]int{}}, nil
}

// closeLimit is how long a database may take to close before it is given up:
// after a failed write its flusher can wait for ever.
const closeLimit = 30 * time.Second

// close flushes and closes the database.
func (v *view) close() error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("close the view: %v", p)
			}
		}()
		done <- v.db.Close()
	}()
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	select {
	case err := <-done:
		return err
	case <-limit.C:
		return errors.New("close the view: badger does not finish")
	}
}

func (v *view) seq() journal.Seq { return journal.Seq(v.applied.Load()) }

// read begins a read transaction at the applied sequence. done must be called.
func (v *view) read() (txn *badger.Txn, seq journal.Seq, done func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	seq = v.seq()
	at := stamp(seq)
	v.readers[at]++
	txn = v.db.NewTransactionAt(at, false)
	return txn, seq, func() {
		txn.Discard()
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.readers[at]--; v.readers[at] == 0 {
			delete(v.readers, at)
		}
	}
}

// write begins the next write transaction.
func (v *view) write() *badger.Txn { return v.db.NewTransactionAt(stamp(v.seq()), true) }

// commit makes txn visible as the rows at sequence last, and lets badger forget
// versions nobody reads any more.
func (v *view) commit(txn *badger.Txn, last journal.Seq) error {
	if err := txn.CommitAt(stamp(last), nil); err != nil {
		return fmt.Errorf("commit the view: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.applied.Store(uint64(last))
	keep := stamp(last)
	for at := range v.readers {
		keep = min(keep, at)
	}
	v.db.SetDiscardTs(keep)
	return nil
}

// fits says whether so many rows with so many bytes of keys and values can be
// written in one transaction. Badger counts 12 bytes more a row, 10 when it
// commits, and one row for the transaction's end.
func (v *view) fits(rows, bytes int) bool {
	return int64(rows)+2 < v.db.MaxBatchCount() && int64(bytes+12*rows)+64 < v.db.MaxBatchSize()
}

// badgerLog passes on what badger has to say, warnings and worse. Its messages
// name files and numbers, never a key or value.
type badgerLog struct{ log *slog.Logger }

func (l badgerLog) Errorf(f string, a ...any)   { l.log.Error("view: " + fmt.Sprintf(f, a...)) }
func (l badgerLog) Warningf(f string, a ...any) { l.log.Warn("view: " + fmt.Sprintf(f, a...)) }
func (l badgerLog) Infof(string, ...any)        {}
func (l badgerLog) Debugf(string, ...any)       {}
