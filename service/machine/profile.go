package machine

import (
	"strconv"
	"time"
)

// Profile is how a station is set for a machine. Sizes are in bytes; a zero
// leaves the library's own choice.
type Profile struct {
	MemoryLimit int64 `json:"memory_limit"` // GOMEMLIMIT
	GCPercent   int   `json:"gc_percent"`   // GOGC
	MaxProcs    int   `json:"max_procs"`    // GOMAXPROCS
	// ServiceMemory is what the service manager may allow at most, program and
	// page cache that is charged to it together.
	ServiceMemory int64 `json:"service_memory"`

	// The register's view in memory; see store.ViewOptions.
	BlockCache int64 `json:"block_cache"`
	IndexCache int64 `json:"index_cache"`
	MemTable   int64 `json:"mem_table"`

	// CheckpointEvery is the number of records between two checkpoints; 0: the
	// store's own pace.
	CheckpointEvery int `json:"checkpoint_every"`
	// Zstd is the level of backups and updates: 1 fastest, 2 default, 3 better,
	// as in klauspost/compress.
	Zstd int `json:"zstd"`
	// NightlyHalves says that the nightly proof of a backup runs in two halves,
	// restoring first and comparing after, so that two registers are never in
	// memory at once.
	NightlyHalves bool `json:"nightly_halves"`

	Choices []Choice `json:"choices"` // the reasons, in the order of a health sheet
}

// Choice is a reason: a key of the locale files and the values in its sentence.
type Choice struct {
	Key    string            `json:"key"` // "profile.memory", …
	Why    string            `json:"why"` // "why.memory.small", …
	Values map[string]string `json:"values,omitempty"`
}

// Sizes of PCs by the memory the system sees: of 2 GiB built in, graphics take
// up to half a gigabyte.
const (
	tinyMemory   = 1200 << 20 // under: 1 GB built in
	smallMemory  = 3 << 30    // under: 2 GB
	mediumMemory = 6 << 30    // under: 4 GB
)

// slowFlush is a synced write that a clerk waits for.
const slowFlush = 60 * time.Millisecond

// NewProfile chooses the settings for a machine. It is a pure function; unknown
// facts count as the weakest machine that tramxa is made for: 2 GB, two cores, a
// hard disk. Whatever the memory, a station stays under 256 MB.
func NewProfile(f Facts) Profile {
	p := Profile{}
	p.memory(f)
	p.cores(f)
	p.disk(f)
	return p
}

// Profile is NewProfile of the facts.
func (f Facts) Profile() Profile { return NewProfile(f) }

func (p *Profile) memory(f Facts) {
	const mib = 1 << 20
	why := "why.memory.small"
	switch total := f.Memory.Total; {
	case total == 0:
		why = "why.memory.unknown"
		fallthrough
	case total >= tinyMemory && total < smallMemory:
		p.set(128*mib, 50, 384*mib, 8*mib, 8*mib)
	case total < tinyMemory:
		why = "why.memory.tiny"
		p.set(96*mib, 40, 320*mib, 4*mib, 4*mib)
	case total < mediumMemory:
		why = "why.memory.medium"
		p.set(144*mib, 75, 512*mib, 16*mib, 8*mib)
	default:
		why = "why.memory.large"
		p.set(160*mib, 100, 768*mib, 24*mib, 16*mib)
	}
	p.MemTable = 8 * mib
	p.NightlyHalves = f.Memory.Total < mediumMemory
	p.choose("profile.memory", why, "limit", mebi(p.MemoryLimit), "ram", mebi(int64(f.Memory.Total)))
	p.choose("profile.caches", "why.caches", "caches", mebi(p.BlockCache+p.IndexCache))
	night := "why.nightly.whole"
	if p.NightlyHalves {
		night = "why.nightly.halves"
	}
	p.choose("profile.nightly", night)
}

func (p *Profile) set(limit int64, gc int, service, block, index int64) {
	p.MemoryLimit, p.GCPercent, p.ServiceMemory = limit, gc, service
	p.BlockCache, p.IndexCache = block, index
}

// mostProcs bounds the threads that run Go: one writer and a few readers gain
// nothing from more, and each has memory of its own.
const mostProcs = 4

func (p *Profile) cores(f Facts) {
	cores := f.CPU.Cores
	p.MaxProcs = min(max(cores, 1), mostProcs)
	why := "why.cores.all"
	switch {
	case cores < 1:
		p.MaxProcs, why = 2, "why.cores.unknown"
	case cores > mostProcs:
		why = "why.cores.bounded"
	}
	p.choose("profile.cores", why, "use", strconv.Itoa(p.MaxProcs), "cores", strconv.Itoa(cores))

	// Level 1 costs a third of level 2's time and a tenth more bytes; level 3
	// wants memory too. The processor's level stands for its age: v2 is from
	// before 2013.
	p.Zstd, why = 2, "why.zstd.normal"
	switch old := f.CPU.Level == 1 || f.CPU.Level == 2; {
	case cores == 1 || (old && cores <= 2) || (f.Memory.Total > 0 && f.Memory.Total < tinyMemory):
		p.Zstd, why = 1, "why.zstd.weak"
	case cores >= mostProcs && !old && f.Memory.Total >= smallMemory:
		p.Zstd, why = 3, "why.zstd.strong"
	}
	p.choose("profile.zstd", why, "level", strconv.Itoa(p.Zstd))
}

func (p *Profile) disk(f Facts) {
	why := "why.checkpoint.normal"
	switch d := f.Disk; {
	case d.Bus == BusUSB || d.Bus == BusSD || d.Removable:
		p.CheckpointEvery, why = 20_000, "why.checkpoint.flash"
	case f.Flush.Median > slowFlush:
		p.CheckpointEvery, why = 10_000, "why.checkpoint.slow"
	}
	p.choose("profile.checkpoint", why, "every", strconv.Itoa(p.CheckpointEvery))
}

// choose notes a reason with values as pairs.
func (p *Profile) choose(key, why string, pairs ...string) {
	c := Choice{Key: key, Why: why}
	for i := 0; i+1 < len(pairs); i += 2 {
		if c.Values == nil {
			c.Values = map[string]string{}
		}
		c.Values[pairs[i]] = pairs[i+1]
	}
	p.Choices = append(p.Choices, c)
}

func mebi(n int64) string { return strconv.FormatInt(n>>20, 10) }
