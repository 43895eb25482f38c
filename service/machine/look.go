package machine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"tramxa/appliance/journal"
)

// Look finds out what this machine is and what disk is behind dir, with a probe
// of a few synced writes in dir. dir may be missing yet: then its nearest parent
// is looked at, and the probe is left out. "" leaves out the disk. Look takes up
// to a second or two and does not fail: what it cannot read is in Facts.Unknown.
func Look(ctx context.Context, dir string) Facts {
	f := Facts{
		System: System{OS: runtime.GOOS, Arch: runtime.GOARCH},
		CPU:    CPU{Cores: runtime.NumCPU(), Level: cpuLevel()},
	}
	exists := false
	if dir != "" {
		dir, exists = nearest(dir)
	}
	look(&f, dir)
	if exists {
		var err error
		f.Flush, err = probeFlush(ctx, journal.OS, dir)
		f.missing("flush", err)
	}
	return f
}

// nearest returns dir made absolute, or its first parent that exists.
func nearest(dir string) (found string, exists bool) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir, false
	}
	for d := abs; ; d = filepath.Dir(d) {
		if info, err := os.Stat(d); err == nil && info.IsDir() {
			return d, d == abs
		}
		if filepath.Dir(d) == d {
			return d, false
		}
	}
}

const (
	probeName   = "machine-probe.tmp"
	probeWrites = 9
	probeTime   = time.Second // enough is known when the disk is slower
)

// probeFlush times small synced writes over the same block of a file in dir,
// which is removed. Overwriting leaves out the file system's own bookkeeping.
func probeFlush(ctx context.Context, fsys journal.FS, dir string) (Flush, error) {
	name := filepath.Join(dir, probeName)
	f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return Flush{}, err
	}
	took, err := timeSyncs(ctx, f, probeWrites, probeTime)
	err = errors.Join(err, f.Close(), fsys.Remove(name))
	if err != nil {
		return Flush{}, fmt.Errorf("probe the disk: %w", err)
	}
	return flushOf(took), nil
}

// timeSyncs writes and syncs 4 KiB n times, for at most about limit.
func timeSyncs(ctx context.Context, f journal.File, n int, limit time.Duration) ([]time.Duration, error) {
	block := make([]byte, blockSize)
	rand.Read(block)
	var took []time.Duration
	for began := time.Now(); len(took) <= n && time.Since(began) < limit; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		block[0]++
		if _, err := f.WriteAt(block, 0); err != nil {
			return nil, err
		}
		start := time.Now()
		if err := f.Sync(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
	if len(took) > 1 {
		took = took[1:] // the first makes the file
	}
	return took, nil
}

// flushOf sums up durations.
func flushOf(took []time.Duration) Flush {
	if len(took) == 0 {
		return Flush{}
	}
	slices.Sort(took)
	return Flush{Writes: len(took), Median: took[len(took)/2], Worst: took[len(took)-1]}
}
