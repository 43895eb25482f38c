package machine_test

import (
	"testing"
	"time"

	"tramxa/appliance/store"
	"tramxa/service/machine"
)

func pc(ram uint64, cores, level int, kind machine.Kind) machine.Facts {
	return machine.Facts{
		Memory: machine.Memory{Total: ram}, CPU: machine.CPU{Cores: cores, Level: level},
		Disk: machine.Disk{Kind: kind, Bus: machine.BusATA},
	}
}

func TestProfile(t *testing.T) {
	const mib, gib = 1 << 20, 1 << 30
	slow := pc(2*gib, 2, 3, machine.KindRotating)
	slow.Flush = machine.Flush{Writes: 8, Median: 90 * time.Millisecond}
	stick := pc(4*gib, 4, 3, machine.KindUnknown)
	stick.Disk.Bus = machine.BusUSB
	for name, c := range map[string]struct {
		facts machine.Facts
		want  machine.Profile
	}{
		"nothing known": {machine.Facts{}, machine.Profile{MemoryLimit: 128 * mib, GCPercent: 50, MaxProcs: 2, ServiceMemory: 384 * mib,
			BlockCache: 8 * mib, IndexCache: 8 * mib, MemTable: 8 * mib, Zstd: 2, NightlyHalves: true}},
		"1 GB, one core of 2009": {pc(1000*mib, 1, 1, machine.KindRotating), machine.Profile{MemoryLimit: 96 * mib, GCPercent: 40, MaxProcs: 1, ServiceMemory: 320 * mib,
			BlockCache: 4 * mib, IndexCache: 4 * mib, MemTable: 8 * mib, Zstd: 1, NightlyHalves: true}},
		"2 GB with graphics, 2013": {pc(1536*mib, 2, 2, machine.KindRotating), machine.Profile{MemoryLimit: 128 * mib, GCPercent: 50, MaxProcs: 2, ServiceMemory: 384 * mib,
			BlockCache: 8 * mib, IndexCache: 8 * mib, MemTable: 8 * mib, Zstd: 1, NightlyHalves: true}},
		"2 GB, disk of 90 ms": {slow, machine.Profile{MemoryLimit: 128 * mib, GCPercent: 50, MaxProcs: 2, ServiceMemory: 384 * mib,
			BlockCache: 8 * mib, IndexCache: 8 * mib, MemTable: 8 * mib, CheckpointEvery: 10_000, Zstd: 2, NightlyHalves: true}},
		"4 GB, live from a stick": {stick, machine.Profile{MemoryLimit: 144 * mib, GCPercent: 75, MaxProcs: 4, ServiceMemory: 512 * mib,
			BlockCache: 16 * mib, IndexCache: 8 * mib, MemTable: 8 * mib, CheckpointEvery: 20_000, Zstd: 3, NightlyHalves: true}},
		"8 GB, eight cores": {pc(8*gib, 8, 3, machine.KindSolid), machine.Profile{MemoryLimit: 160 * mib, GCPercent: 100, MaxProcs: 4, ServiceMemory: 768 * mib,
			BlockCache: 24 * mib, IndexCache: 16 * mib, MemTable: 8 * mib, Zstd: 3}},
	} {
		got := machine.NewProfile(c.facts)
		if len(got.Choices) != 6 {
			t.Errorf("%s: %d choices have a reason, want 6: %+v", name, len(got.Choices), got.Choices)
		}
		got.Choices = nil
		if got.MemoryLimit != c.want.MemoryLimit || got.GCPercent != c.want.GCPercent || got.MaxProcs != c.want.MaxProcs || got.ServiceMemory != c.want.ServiceMemory ||
			got.BlockCache != c.want.BlockCache || got.IndexCache != c.want.IndexCache || got.MemTable != c.want.MemTable ||
			got.CheckpointEvery != c.want.CheckpointEvery || got.Zstd != c.want.Zstd || got.NightlyHalves != c.want.NightlyHalves {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
	}
}

// TestProfileKeepsTheBudget goes through machines of all sizes: the limit of the
// collector leaves room for what it does not see (badger's mappings, stacks,
// the program) under 256 MB, the store takes the sizes, and more memory never
// makes anything smaller.
func TestProfileKeepsTheBudget(t *testing.T) {
	const mib = 1 << 20
	var last machine.Profile
	for ram := uint64(256 * mib); ram < 64<<30; ram += ram / 4 {
		for cores := 1; cores < 40; cores += 3 {
			p := machine.NewProfile(pc(ram, cores, 1+cores%4, machine.KindSolid))
			if p.MemoryLimit+2*p.MemTable+p.MemTable > 192*mib {
				t.Errorf("%d MiB of memory: limit %d and memtables leave too little below 256 MB", ram/mib, p.MemoryLimit)
			}
			if p.BlockCache+p.IndexCache > p.MemoryLimit/3 {
				t.Errorf("%d MiB of memory: caches %d against a limit of %d", ram/mib, p.BlockCache+p.IndexCache, p.MemoryLimit)
			}
			if p.MaxProcs < 1 || p.MaxProcs > cores {
				t.Errorf("%d cores: %d procs", cores, p.MaxProcs)
			}
			if p.MemoryLimit < last.MemoryLimit || p.BlockCache < last.BlockCache || p.GCPercent < last.GCPercent {
				t.Errorf("%d MiB of memory gets less than a smaller PC", ram/mib)
			}
			last = p
		}
	}
	for _, p := range []machine.Profile{machine.NewProfile(pc(512*mib, 1, 1, "")), last} {
		dir := t.TempDir()
		_, err := store.Open(t.Context(), store.Options{Dir: dir, KeyFile: dir + "/none",
			View: store.ViewOptions{BlockCache: p.BlockCache, IndexCache: p.IndexCache, MemTable: p.MemTable}})
		if err == nil || err.Error()[:5] == "view:" {
			t.Errorf("the store does not take the sizes of %+v: %v", p, err)
		}
	}
}
