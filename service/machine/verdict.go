package machine

import (
	"slices"
	"strconv"
	"time"
)

// Verdict is whether a disk keeps what it confirms.
type Verdict string

// The verdicts. Honest needs a power cut that was survived; without one the best
// is Unknown with a flush that takes as long as a true one.
const (
	Unproven Verdict = "unknown"
	Honest   Verdict = "honest"
	Lies     Verdict = "lies"
)

// Reason is a key of the locale files ("disk.flush.fast") and its values.
type Reason struct {
	Key    string            `json:"key"`
	Values map[string]string `json:"values,omitempty"`
}

// DiskResult is the outcome of a disk test.
type DiskResult struct {
	Verdict  Verdict  `json:"verdict"`
	Reasons  []Reason `json:"reasons,omitempty"`
	Promised uint64   `json:"promised"`       // writes the disk confirmed
	Cut      bool     `json:"cut,omitempty"`  // the power went in between
	Torn     bool     `json:"torn,omitempty"` // the write during the cut is half old, half new: allowed, and good to know
	Flush    Spread   `json:"flush"`          // small synced writes
	Write    uint64   `json:"write"`          // bytes a second in one go, synced; 0 not measured
	Read     uint64   `json:"read"`           // bytes a second, from the disk and not from memory; 0 not measured
}

func (r *DiskResult) because(v Verdict, key string, pairs ...string) {
	if r.Verdict == "" || v == Lies || (v == Honest && r.Verdict != Lies) {
		r.Verdict = v
	}
	r.Reasons = append(r.Reasons, reason(key, pairs...))
}

func reason(key string, pairs ...string) Reason {
	re := Reason{Key: key}
	for i := 0; i+1 < len(pairs); i += 2 {
		if re.Values == nil {
			re.Values = map[string]string{}
		}
		re.Values[pairs[i]] = pairs[i+1]
	}
	return re
}

// Spread is a distribution of durations.
type Spread struct {
	Count  int           `json:"count"`
	Median time.Duration `json:"median"`
	P95    time.Duration `json:"p95"`
	P99    time.Duration `json:"p99"`
	Worst  time.Duration `json:"worst"`
}

func spreadOf(took []time.Duration) Spread {
	if len(took) == 0 {
		return Spread{}
	}
	took = slices.Sorted(slices.Values(took))
	at := func(percent int) time.Duration { return took[min(len(took)-1, len(took)*percent/100)] }
	return Spread{Count: len(took), Median: at(50), P95: at(95), P99: at(99), Worst: took[len(took)-1]}
}

// Limits of what a flush can take. A disk of 7,200 turns a minute has to wait
// 4.2 ms on average for the place to come round, one of 15,000 still 2 ms.
const (
	tooFastRotating = time.Millisecond
	doubtRotating   = 3 * time.Millisecond
)

// judgeFlush says what the duration of flushes, the way the disk is attached and
// the mount tell. It is a pure function; Honest it never says.
func judgeFlush(r *DiskResult, f Facts, s Spread) {
	ms := func(d time.Duration) string { return strconv.FormatFloat(float64(d)/1e6, 'f', 2, 64) }
	d := f.Disk
	switch {
	case slices.Contains([]string{"tmpfs", "ramfs", "overlay"}, d.FileSystem):
		r.because(Lies, "disk.flush.memory", "fs", d.FileSystem)
		return
	case d.NoBarrier:
		r.because(Lies, "disk.flush.nobarrier")
		return
	}
	switch {
	case s.Count == 0:
		r.because(Unproven, "disk.flush.unmeasured")
	case f.Virtual != "" || d.Bus == BusVirtual:
		r.because(Unproven, "disk.flush.virtual", "ms", ms(s.Median))
	case d.Kind == KindRotating && d.Bus == BusRAID && s.Median < doubtRotating:
		r.because(Unproven, "disk.flush.raid", "ms", ms(s.Median))
	case d.Kind == KindRotating && s.Median < tooFastRotating:
		r.because(Lies, "disk.flush.fast", "ms", ms(s.Median))
	case d.Kind == KindRotating && s.Median < doubtRotating:
		r.because(Unproven, "disk.flush.doubt", "ms", ms(s.Median))
	default:
		r.because(Unproven, "disk.flush.plausible", "ms", ms(s.Median))
	}
	if s.Median > slowFlush {
		r.because(Unproven, "disk.flush.slow", "ms", ms(s.Median))
	}
	if d.Mapper {
		r.because(Unproven, "disk.mapper")
	}
	if d.Cache != "" {
		r.because(Unproven, "disk.cache", "mode", d.Cache)
	}
}
