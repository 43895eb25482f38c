package fsm

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/ristretto/v2/z"

	"tramxa/appliance/journal"
)

// Sizes that decide how much fits in one transaction are the same on every node
// and no option: whether a record can be folded must not depend on the node.
const (
	memTable       = 64 << 20
	memTables      = 3
	valueThreshold = 4 << 10
)

const (
	currentFile = "CURRENT"
	dirPrefix   = "state-"
	badPrefix   = "bad-"
)

// database is one badger directory, with the reads that are going on in it.
type database struct {
	*badger.DB
	dir string

	mu     sync.Mutex
	pins   map[uint64]int // read timestamp → readers
	closed bool           // no new reader; the last one out closes
	top    uint64         // timestamp up to which old versions may go
	done   chan struct{}  // closed when badger is closed
}

func badgerOptions(dir string, o Options, sync bool) badger.Options {
	return badger.DefaultOptions(dir).
		WithSyncWrites(sync).
		WithMemTableSize(memTable).WithNumMemtables(memTables).
		WithNumCompactors(3).WithNumLevelZeroTables(5).
		WithValueThreshold(valueThreshold).WithValueLogFileSize(o.ValueLogFile).
		WithBlockCacheSize(o.BlockCache).WithIndexCacheSize(o.IndexCache).
		WithCompression(options.ZSTD).
		WithChecksumVerificationMode(options.OnBlockRead).WithVerifyValueChecksum(true).
		WithNumVersionsToKeep(1).WithDetectConflicts(false).WithMetricsEnabled(false).
		WithLogger(quiet{o.Log})
}

// openDatabase opens badger; a panic of badger on damaged files is an error.
//
// badger (4.9.6) makes a memtable's file and gives it its size afterwards. Killed
// in between it leaves a file of no bytes, and at the next try gives that its size
// but fails, as the file was to be an old one. The try after that finds a memtable
// in which nothing is, and removes it. So an unborn memtable is met by trying
// again, and never touched here: another process may be making it. Nothing is
// overlooked by that: a transaction that had been in it is missed by the ledger.
func openDatabase(dir string, o Options, sync bool) (db *database, err error) {
	for range memTables + 1 { // a kill leaves one; a cut of power not more than there were
		if db, err = tryDatabase(dir, o, sync); err == nil || !strings.Contains(err.Error(), z.NewFile.Error()) {
			break
		}
		o.Log.Warn("a memtable was cut off while it was made; trying again", "database", dir)
	}
	return db, err
}

func tryDatabase(dir string, o Options, sync bool) (db *database, err error) {
	defer func() {
		if p := recover(); p != nil {
			db, err = nil, fmt.Errorf("badger gave up: %v", p)
		}
	}()
	b, err := badger.OpenManaged(badgerOptions(dir, o, sync))
	if err != nil {
		if strings.Contains(err.Error(), "directory lock") {
			return nil, fmt.Errorf("%w: %s", ErrInUse, dir)
		}
		return nil, err
	}
	return &database{DB: b, dir: dir, pins: map[uint64]int{}, done: make(chan struct{})}, nil
}

// pin keeps the versions visible at ts from being dropped; false when the
// database is closing.
func (d *database) pin(ts uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.pins[ts]++
	return true
}

func (d *database) unpin(ts uint64) {
	d.mu.Lock()
	if d.pins[ts]--; d.pins[ts] == 0 {
		delete(d.pins, ts)
	}
	last := d.closed && len(d.pins) == 0
	d.discard()
	d.mu.Unlock()
	if last {
		d.shut()
	}
}

// advance lets versions below ts go, as far as no reader needs them.
func (d *database) advance(ts uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.top = ts
	d.discard()
}

func (d *database) discard() {
	low := d.top
	for ts := range d.pins {
		low = min(low, ts)
	}
	if low > 0 && !d.closed {
		d.SetDiscardTs(low)
	}
}

// close closes badger when the last reader has gone.
func (d *database) close() {
	d.mu.Lock()
	already := d.closed
	d.closed = true
	idle := len(d.pins) == 0
	d.mu.Unlock()
	if idle && !already {
		d.shut()
	}
}

func (d *database) shut() {
	_ = d.Close() // every commit was synced; what Close may add is only speed of the next start
	close(d.done)
}

// quiet passes on that badger complained, and in which words, but never the
// arguments: they may hold keys, and keys hold names.
type quiet struct{ log *slog.Logger }

func (q quiet) Errorf(format string, _ ...any) {
	q.log.Error("badger", "message", strings.TrimSpace(format))
}
func (q quiet) Warningf(format string, _ ...any) {
	q.log.Warn("badger", "message", strings.TrimSpace(format))
}
func (q quiet) Infof(string, ...any)  {}
func (q quiet) Debugf(string, ...any) {}

// The directory of a state machine holds CURRENT, which names the database in
// force, and databases state-<n>; bad-<n> is one set aside as damaged.

// currentName returns the name in CURRENT, "" when there is none yet.
func currentName(dir string) (string, error) {
	b, err := journal.ReadFile(journal.OS, filepath.Join(dir, currentFile), 64)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(b))
	if _, ok := generation(name); !ok {
		return "", fmt.Errorf("%s does not name a database", currentFile)
	}
	return name, nil
}

func setCurrent(dir, name string) error {
	return journal.WriteFileAtomic(journal.OS, filepath.Join(dir, currentFile), []byte(name+"\n"), 0o600)
}

func generation(name string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(name, dirPrefix))
	return n, err == nil && n > 0 && n < math.MaxInt32 && name == dirPrefix+strconv.Itoa(n)
}

// nextName returns a database name not in use in dir.
func nextName(dir string) (string, error) {
	names, err := journal.OS.ReadDir(dir)
	if err != nil {
		return "", err
	}
	top := 0
	for _, n := range names {
		if g, ok := generation(dirPrefix + strings.TrimPrefix(n, badPrefix)); ok && strings.HasPrefix(n, badPrefix) {
			top = max(top, g)
		}
		if g, ok := generation(n); ok {
			top = max(top, g)
		}
	}
	return dirPrefix + strconv.Itoa(top+1), nil
}

// sweep removes databases that are not in force: a restore that was cut short,
// or the one before it.
func sweep(dir, keep string) error {
	names, err := journal.OS.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if _, ok := generation(n); ok && n != keep {
			if err := os.RemoveAll(filepath.Join(dir, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// setAside renames a damaged database so that it can be looked at, and removes
// the one set aside before it.
func setAside(dir, name string) error {
	names, err := journal.OS.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if strings.HasPrefix(n, badPrefix) {
			if err := os.RemoveAll(filepath.Join(dir, n)); err != nil {
				return err
			}
		}
	}
	if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, badPrefix+strings.TrimPrefix(name, dirPrefix))); err != nil {
		return err
	}
	return journal.OS.SyncDir(dir)
}
