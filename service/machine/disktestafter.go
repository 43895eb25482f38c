package machine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tramxa/appliance/journal"
)

// DiskTestAfter looks for a disk test in dir that was interrupted, judges it and
// removes it; found says that there was one. It is called at every start, before
// anything else writes there. After a power cut everything that the ledger's last
// line promises must be there, and nothing may be there that was written later
// than its successor. o.Facts.Boot must be that of this start; Seen and the
// witness file, where given, catch a disk that loses its newest writes in order.
func DiskTestAfter(dir string, o TestOptions) (r DiskResult, found bool, err error) {
	o = o.defaults()
	dir = filepath.Join(dir, testDir)
	state, err := readState(o.FS, dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrDamaged) {
		return DiskResult{}, false, removeTest(o.FS, dir)
	}
	if err != nil {
		return DiskResult{}, false, err
	}
	c, last, err := compareFiles(o.FS, dir, state)
	if err != nil {
		return DiskResult{}, false, fmt.Errorf("judge the disk test: %w", err)
	}
	seen := max(o.Seen, readWitness(o.Witness, state.Run))
	r.judgeCut(c, seen, rebooted(state, last, o.Facts.Boot))
	if o.Witness != "" {
		_ = os.Remove(filepath.Join(o.Witness, witnessFile)) // none is fine
	}
	return r, true, removeTest(o.FS, dir)
}

// judgeCut is the verdict over what was found.
func (r *DiskResult) judgeCut(c comparison, seen uint64, cut bool) {
	r.Promised, r.Cut, r.Torn = c.last, cut, c.torn
	n := strconv.FormatUint(c.last, 10)
	switch {
	case !cut && c.lies():
		r.because(Unproven, "disk.test.broken")
	case !cut:
		r.because(Unproven, "disk.test.killed")
	case c.lies():
		r.because(Lies, "disk.test.lost", "lost", strconv.Itoa(c.lost), "promised", n)
	case seen > c.last:
		r.because(Lies, "disk.test.unwritten", "lost", strconv.FormatUint(seen-c.last, 10), "promised", strconv.FormatUint(seen, 10))
	case c.last < enoughWrites:
		r.because(Unproven, "disk.test.short", "promised", n)
	default:
		r.because(Honest, "disk.test.kept", "promised", n)
	}
	if cut && c.torn {
		r.because(Unproven, "disk.test.torn")
	}
}

func readState(fsys journal.FS, dir string) (testState, error) {
	b, err := journal.ReadFile(fsys, filepath.Join(dir, stateFile), maxSealed)
	if errors.Is(err, journal.ErrTooLarge) {
		return testState{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err != nil {
		return testState{}, err
	}
	var s testState
	if err := unseal(b, &s); err != nil {
		return s, err
	}
	return s, s.check()
}

// rebooted says whether the system has started anew since the test. Without an
// id of the boot a clock that runs from the start tells it: it is behind the
// ledger's last line.
func rebooted(s testState, last line, now Boot) bool {
	if s.Boot != "" && now.ID != "" {
		return s.Boot != now.ID
	}
	return now.Uptime > 0 && now.Uptime < max(s.Uptime, time.Duration(min(last.uptime, 1<<62)))
}

// readWitness is the number a witness has for this run, 0 when it has none.
func readWitness(dir string, run uint64) uint64 {
	if dir == "" {
		return 0
	}
	b, err := os.ReadFile(filepath.Join(dir, witnessFile))
	if err != nil || len(b) != lineSize {
		return 0
	}
	if l, err := readLine(b); err == nil && l.run == run {
		return l.seq
	}
	return 0
}

func compareFiles(fsys journal.FS, dir string, s testState) (c comparison, last line, err error) {
	pattern, err := fsys.OpenFile(filepath.Join(dir, patternFile), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) { // its name was durable before the state
		return comparison{lost: 1}, line{}, nil
	}
	if err != nil {
		return c, last, err
	}
	defer pattern.Close()
	ledger, err := fsys.OpenFile(filepath.Join(dir, ledgerFile), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return comparison{lost: 1}, line{}, nil
	}
	if err != nil {
		return c, last, err
	}
	defer ledger.Close()
	c, err = compare(pattern, ledger, s)
	return c, c.newest, err
}

// comparison is ledger against pattern.
type comparison struct {
	last   uint64 // the last of the lines without a hole: what was promised
	newest line   // that line
	lost   int    // promised blocks that are old or broken, and lines that are missing before a later one
	ahead  int    // blocks newer than the successor of the last line: their lines were lost
	torn   bool   // the block being written is half old, half new
}

func (c comparison) lies() bool { return c.lost > 0 || c.ahead > 0 }

// compare reads both files as a whole.
func compare(pattern, ledger journal.File, s testState) (comparison, error) {
	var c comparison
	if err := c.readLedger(ledger, s.Run); err != nil {
		return c, err
	}
	want := make([]uint64, s.Slots) // what each block must hold
	for seq := uint64(1); seq <= c.last; seq++ {
		want[slotOf(seq, s.Slots)] = seq
	}
	next := c.last + 1
	block := make([]byte, blockSize)
	for slot := range s.Slots {
		n, err := pattern.ReadAt(block, int64(slot)*blockSize)
		if err != nil && err != io.EOF {
			return c, err
		}
		clear(block[n:])
		c.judge(readBlock(block, s.Run, uint32(slot)), want[slot], next, slotOf(next, s.Slots) == uint32(slot))
	}
	return c, nil
}

// judge looks at one block. inFlight is the one that write next went to.
func (c *comparison) judge(b blockState, want, next uint64, inFlight bool) {
	switch {
	case b.whole(want):
	case inFlight && b.whole(next):
	case b.high > next, b.high == next && !inFlight:
		c.ahead++
	case inFlight && (b.low >= want || b.bad == blockSize/sectorSize): // half written, or in pieces
		c.torn = true
	default:
		c.lost++
	}
}

// readLedger finds the last line without a hole before it. A line behind a hole
// counts the hole as lost, but for the place of the line being written.
func (c *comparison) readLedger(ledger journal.File, run uint64) error {
	size, err := ledger.Size()
	if err != nil {
		return err
	}
	p := make([]byte, lineSize)
	hole := false
	for n := uint64(1); int64(n)*lineSize <= min(size, mostWrites*lineSize); n++ {
		if _, err := ledger.ReadAt(p, int64(n-1)*lineSize); err != nil && err != io.EOF {
			return err
		}
		l, err := readLine(p)
		switch good := err == nil && l.run == run && l.seq == n; {
		case good && !hole:
			c.last, c.newest = n, l
		case good:
			c.lost++
		default:
			hole = true
		}
	}
	return nil
}
