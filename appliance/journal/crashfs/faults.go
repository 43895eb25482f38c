package crashfs

import "slices"

// Op is a kind of call that changes the disk. Only these are counted.
type Op uint8

// The counted calls.
const (
	OpCreate Op = iota // OpenFile of a name that is not there
	OpWrite
	OpSync
	OpTruncate
	OpAllocate
	OpRename
	OpRemove
	OpSyncDir
)

// faults is what is to go wrong. The file system's lock guards it.
type faults struct {
	calls int // counted so far
	cutAt int // the call at which the power goes; 0 none
	off   bool

	failIn int // matching calls until one fails; 0 none
	failOf []Op
	err    error
}

// hit counts a call. err says that it fails; skip that it has no effect at all.
// Where the power goes during a call, its effect is left to the crash.
func (f *faults) hit(op Op) (skip bool, err error) {
	if f.off {
		return true, ErrPower
	}
	f.calls++
	if f.calls == f.cutAt {
		f.off = true
		return false, ErrPower
	}
	if f.failIn > 0 && (len(f.failOf) == 0 || slices.Contains(f.failOf, op)) {
		if f.failIn--; f.failIn == 0 {
			return true, f.err
		}
	}
	return false, nil
}

// FailAt makes the n-th call from now (1 is the next), counting only the given
// kinds or all, return err, once. n 0 takes it back.
func (f *FS) FailAt(n int, err error, ops ...Op) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault.failIn, f.fault.err, f.fault.failOf = n, err, ops
}

// CutAt lets the power go during the n-th counted call from now. That call and
// all later ones return ErrPower until Crash.
func (f *FS) CutAt(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault.cutAt = f.fault.calls + n
}

// Calls is the number of counted calls so far.
func (f *FS) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault.calls
}

// shortened is how much of a failing write of n bytes gets through: all of it
// when the power goes, where the crash decides, otherwise a part by chance.
func (f *FS) shortened(n int) int {
	if f.fault.off {
		return n
	}
	return f.rng.IntN(n + 1)
}
