package machine

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/sealed"
)

// TestOptions of a disk test. The zero value is meant for production.
type TestOptions struct {
	FS    journal.FS // nil: journal.OS
	Facts Facts      // of Look for the same directory; Boot must be that of this start

	Size     int64         // bytes of the pattern; 0: 48 MiB; bounded by 60 MiB
	Duration time.Duration // of the synced writes; 0: 40 s
	Writes   int           // synced writes at most; 0: 16,384, which is the most

	// Witness is a directory on another disk, a stick: it gets the numbers the
	// disk confirmed, so that one which loses its newest writes in order is
	// found, too. "" none.
	Witness string
	// Seen is the last number that a person read from the screen before the
	// power went; for DiskTestAfter.
	Seen uint64

	Progress func(TestProgress) // nil: nobody is told
}

// TestProgress of a disk test.
type TestProgress struct {
	Stage string // TestFill …
	Done  int64
	Total int64
	Left  time.Duration
	// Seq is the last number the disk has confirmed: the one to remember when
	// the plug is pulled.
	Seq uint64
}

// Stages of a disk test in their order; "test." and the stage is a key of the
// locale files. The plug may be pulled during TestSync.
const (
	TestFill = "fill" // one long write
	TestRead = "read"
	TestSync = "sync" // small synced writes
	TestDone = "done"
)

const (
	testDir     = "disktest"
	patternFile = "pattern"
	ledgerFile  = "ledger"
	stateFile   = "state.json"
	witnessFile = "tramxa-disktest.num"

	defaultPattern = 48 << 20
	mostPattern    = 60 << 20
	mostWrites     = 16 << 10 // their ledger is 1 MiB
	testTime       = 40 * time.Second
	testSpare      = 64 << 20 // stays free beside the test
	enoughWrites   = 50       // for a verdict
)

// ErrNoRoom means that the disk is too full for a test.
var ErrNoRoom = errors.New("not enough room for the disk test")

// testState is state.json while a test runs: its presence after a start says
// that the test was interrupted.
type testState struct {
	Version int           `json:"version"`
	Run     uint64        `json:"run"`
	Slots   uint64        `json:"slots"`
	Boot    string        `json:"boot"`
	Uptime  time.Duration `json:"uptime"`
}

func (s testState) check() error {
	if s.Version != testVersion || s.Slots < 1 || s.Slots > mostPattern/blockSize {
		return fmt.Errorf("%w: disk test of version %d with %d blocks", ErrDamaged, s.Version, s.Slots)
	}
	return nil
}

func (o TestOptions) defaults() TestOptions {
	if o.FS == nil {
		o.FS = journal.OS
	}
	if o.Size <= 0 {
		o.Size = defaultPattern
	}
	o.Size = min(max(o.Size, blockSize), mostPattern)
	if o.Duration <= 0 {
		o.Duration = testTime
	}
	if o.Writes <= 0 || o.Writes > mostWrites {
		o.Writes = mostWrites
	}
	if o.Progress == nil {
		o.Progress = func(TestProgress) {}
	}
	return o
}

// diskTest is a running test.
type diskTest struct {
	o       TestOptions
	dir     string // disktest below the one asked for
	state   testState
	began   time.Time
	pattern journal.File
	ledger  journal.File
	witness *os.File
	result  DiskResult
	took    []time.Duration
}

// DiskTest measures the disk behind dir and tries whether it keeps what it
// confirms: 48 MiB in a directory of its own, about a minute, removed at the end.
// It writes blocks and a ledger of those that were synced; when the power goes
// meanwhile, DiskTestAfter compares the two at the next start. An error means
// that nothing was found out, or that the disk refused to write.
func DiskTest(ctx context.Context, dir string, o TestOptions) (DiskResult, error) {
	o = o.defaults()
	t := &diskTest{o: o, dir: filepath.Join(dir, testDir), began: time.Now()}
	free, err := o.FS.Free(dir)
	if err != nil {
		return DiskResult{}, fmt.Errorf("disk test: %w", err)
	}
	if need := uint64(o.Size) + mostWrites*lineSize + testSpare; free < need {
		return DiskResult{}, fmt.Errorf("%w: %d MiB free, %d MiB needed; hint: remove files that are not the station's", ErrNoRoom, free>>20, need>>20)
	}
	if err := t.begin(); err != nil {
		return DiskResult{}, errors.Join(fmt.Errorf("disk test: %w", err), t.end())
	}
	err = t.run(ctx)
	if cerr := t.end(); err == nil {
		err = cerr
	}
	if err != nil {
		return DiskResult{}, fmt.Errorf("disk test: %w", err)
	}
	o.Progress(TestProgress{Stage: TestDone, Seq: t.result.Promised})
	return t.result, nil
}

// begin makes the files, empty.
func (t *diskTest) begin() error {
	var run [8]byte
	rand.Read(run[:])
	t.state = testState{Version: testVersion, Run: binary.LittleEndian.Uint64(run[:]), Slots: uint64(t.o.Size / blockSize),
		Boot: t.o.Facts.Boot.ID, Uptime: t.o.Facts.Boot.Uptime}
	if err := removeTest(t.o.FS, t.dir); err != nil { // of a test before, already judged
		return err
	}
	if err := t.o.FS.MkdirAll(t.dir, 0o700); err != nil {
		return err
	}
	var err error
	if t.pattern, err = t.create(patternFile); err != nil {
		return err
	}
	if t.ledger, err = t.create(ledgerFile); err != nil {
		return err
	}
	if t.o.Witness != "" {
		t.witness, err = os.OpenFile(filepath.Join(t.o.Witness, witnessFile), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	}
	return err
}

func (t *diskTest) create(name string) (journal.File, error) {
	return t.o.FS.OpenFile(filepath.Join(t.dir, name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
}

func (t *diskTest) run(ctx context.Context) error {
	if err := t.fill(ctx); err != nil {
		return err
	}
	if err := t.readBack(ctx); err != nil {
		return err
	}
	if err := t.arm(); err != nil {
		return err
	}
	if err := t.rounds(ctx); err != nil {
		return err
	}
	t.result.Flush = spreadOf(t.took)
	judgeFlush(&t.result, t.o.Facts, t.result.Flush)
	return t.compareAlive()
}

// fill writes the whole pattern once, which makes room that later writes only
// overwrite, and tells the speed of one long write. A very slow disk gets a
// smaller pattern.
func (t *diskTest) fill(ctx context.Context) error {
	buf := make([]byte, fillChunk*blockSize)
	start := time.Now()
	slot := uint64(0)
	for slot < t.state.Slots && (slot == 0 || time.Since(start) < fillTime) {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(fillChunk, t.state.Slots-slot)
		for i := range n {
			putBlock(buf[i*blockSize:(i+1)*blockSize], t.state.Run, 0, uint32(slot+i))
		}
		if _, err := t.pattern.WriteAt(buf[:n*blockSize], int64(slot)*blockSize); err != nil {
			return err
		}
		if err := t.pattern.Sync(); err != nil {
			return err
		}
		slot += n
		t.o.Progress(TestProgress{Stage: TestFill, Done: int64(slot), Total: int64(t.state.Slots)})
	}
	t.state.Slots = slot
	t.result.Write = speed(int64(slot)*blockSize, time.Since(start))
	if err := t.ledger.Allocate(0, int64(t.o.Writes)*lineSize); err != nil {
		return err
	}
	if err := t.ledger.Sync(); err != nil {
		return err
	}
	return t.o.FS.SyncDir(t.dir)
}

const (
	fillChunk = 1024 // blocks written and synced at once: 4 MiB
	fillTime  = 20 * time.Second
)

func speed(bytes int64, took time.Duration) uint64 {
	return uint64(float64(bytes) / max(took.Seconds(), 1e-6))
}

// readBack reads the pattern from the disk where the system can be told to
// forget it first, and compares.
func (t *diskTest) readBack(ctx context.Context) error {
	cold := t.o.FS == journal.OS && forget(filepath.Join(t.dir, patternFile)) == nil
	buf := make([]byte, blockSize*64)
	start := time.Now()
	bad := 0
	for slot := uint64(0); slot < t.state.Slots; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(64, t.state.Slots-slot)
		if _, err := t.pattern.ReadAt(buf[:n*blockSize], int64(slot)*blockSize); err != nil {
			return err
		}
		for i := range n {
			if !readBlock(buf[i*blockSize:(i+1)*blockSize], t.state.Run, uint32(slot+i)).whole(0) {
				bad++
			}
		}
		slot += n
		t.o.Progress(TestProgress{Stage: TestRead, Done: int64(slot), Total: int64(t.state.Slots)})
	}
	if cold {
		t.result.Read = speed(int64(t.state.Slots)*blockSize, time.Since(start))
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d blocks came back different from what was written; hint: this disk must not hold a register, replace it", bad, t.state.Slots)
	}
	return nil
}

// arm makes the state durable: from here a cut tells something.
func (t *diskTest) arm() error {
	b, err := sealed.Encode(t.state)
	if err != nil {
		return err
	}
	return journal.WriteFileAtomic(t.o.FS, filepath.Join(t.dir, stateFile), b, 0o600)
}

// rounds is the heart: a block, synced, then its line, synced.
func (t *diskTest) rounds(ctx context.Context) error {
	block := make([]byte, blockSize)
	start, told := time.Now(), time.Time{}
	for seq := uint64(1); seq <= uint64(t.o.Writes); seq++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		slot := slotOf(seq, t.state.Slots)
		putBlock(block, t.state.Run, seq, slot)
		if err := t.synced(t.pattern, block, int64(slot)*blockSize); err != nil {
			return err
		}
		l := line{run: t.state.Run, seq: seq, uptime: uint64(t.state.Uptime + time.Since(t.began))}
		l.put(block[:lineSize])
		if err := t.synced(t.ledger, block[:lineSize], int64(seq-1)*lineSize); err != nil {
			return err
		}
		t.result.Promised = seq
		if err := t.testify(block[:lineSize]); err != nil {
			return err
		}
		spent := min(time.Since(start), t.o.Duration)
		if time.Since(told) >= 200*time.Millisecond || t.o.FS != journal.OS {
			told = time.Now()
			t.o.Progress(TestProgress{Stage: TestSync, Done: int64(spent), Total: int64(t.o.Duration), Left: t.o.Duration - spent, Seq: seq})
		}
		if spent >= t.o.Duration {
			return nil
		}
	}
	return nil
}

func (t *diskTest) synced(f journal.File, p []byte, off int64) error {
	start := time.Now()
	if _, err := f.WriteAt(p, off); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	t.took = append(t.took, time.Since(start))
	return nil
}

// testify tells the witness what the disk has confirmed.
func (t *diskTest) testify(l []byte) error {
	if t.witness == nil {
		return nil
	}
	if _, err := t.witness.WriteAt(l, 0); err != nil {
		return fmt.Errorf("write to the witness: %w", err)
	}
	return t.witness.Sync()
}

// compareAlive checks the pattern without a cut: wrong blocks then are not a lie
// about flushing but a broken disk or memory.
func (t *diskTest) compareAlive() error {
	found, err := compare(t.pattern, t.ledger, t.state)
	if err != nil {
		return err
	}
	if found.lies() || found.last != t.result.Promised {
		return errors.New("blocks came back different from what was written; hint: this disk must not hold a register, replace it")
	}
	return nil
}

// end closes and removes everything; the state first, so that a cut in between
// is no verdict.
func (t *diskTest) end() error {
	var err error
	for _, f := range []journal.File{t.pattern, t.ledger} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	if t.witness != nil {
		err = errors.Join(err, t.witness.Close(), os.Remove(t.witness.Name()))
	}
	return errors.Join(err, removeTest(t.o.FS, t.dir))
}

// removeTest removes what a test left in dir, and dir.
func removeTest(fsys journal.FS, dir string) error {
	for _, name := range []string{stateFile, patternFile, ledgerFile, stateFile + journal.TempSuffix} {
		if err := fsys.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if name == stateFile {
			if err := fsys.SyncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if err := fsys.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
