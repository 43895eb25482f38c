package machine

import (
	"strings"
	"testing"
	"time"
)

func TestJudgeFlush(t *testing.T) {
	ata := func(k Kind) Facts { return Facts{Disk: Disk{Kind: k, Bus: BusATA, FileSystem: "ext4"}} }
	with := func(f Facts, change func(*Facts)) Facts { change(&f); return f }
	for name, c := range map[string]struct {
		facts  Facts
		median time.Duration
		want   Verdict
		keys   string
	}{
		"a true hard disk":       {ata(KindRotating), 12 * time.Millisecond, Unproven, "plausible"},
		"a slow one":             {ata(KindRotating), 80 * time.Millisecond, Unproven, "plausible slow"},
		"a lying cache":          {ata(KindRotating), 300 * time.Microsecond, Lies, "fast"},
		"doubtful":               {ata(KindRotating), 2 * time.Millisecond, Unproven, "doubt"},
		"a solid one, fast":      {ata(KindSolid), 50 * time.Microsecond, Unproven, "plausible"},
		"a virtual one":          {with(ata(KindRotating), func(f *Facts) { f.Virtual = "qemu" }), 50 * time.Microsecond, Unproven, "virtual"},
		"a RAID with a battery":  {with(ata(KindRotating), func(f *Facts) { f.Disk.Bus = BusRAID }), 100 * time.Microsecond, Unproven, "raid"},
		"memory":                 {with(ata(KindUnknown), func(f *Facts) { f.Disk.FileSystem = "tmpfs" }), time.Microsecond, Lies, "memory"},
		"mounted with nobarrier": {with(ata(KindRotating), func(f *Facts) { f.Disk.NoBarrier = true }), 9 * time.Millisecond, Lies, "nobarrier"},
		"not measured":           {ata(KindRotating), 0, Unproven, "unmeasured"},
		"below LUKS, cached":     {with(ata(KindSolid), func(f *Facts) { f.Disk.Mapper, f.Disk.Cache = true, "write back" }), time.Millisecond, Unproven, "plausible disk.mapper disk.cache"},
	} {
		var r DiskResult
		s := Spread{Count: 100, Median: c.median}
		if c.median == 0 {
			s = Spread{}
		}
		judgeFlush(&r, c.facts, s)
		var keys []string
		for _, re := range r.Reasons {
			keys = append(keys, strings.TrimPrefix(re.Key, "disk.flush."))
		}
		if got := strings.Join(keys, " "); r.Verdict != c.want || got != c.keys {
			t.Errorf("%s: %s %q, want %s %q", name, r.Verdict, got, c.want, c.keys)
		}
	}
}

func TestRebooted(t *testing.T) {
	s := testState{Boot: "a", Uptime: time.Hour}
	l := line{uptime: uint64(2 * time.Hour)}
	for name, c := range map[string]struct {
		state testState
		now   Boot
		want  bool
	}{
		"same id":             {s, Boot{ID: "a", Uptime: time.Minute}, false},
		"another id":          {s, Boot{ID: "b", Uptime: 9 * time.Hour}, true},
		"no id, clock behind": {testState{Uptime: time.Hour}, Boot{Uptime: 90 * time.Minute}, true},
		"no id, clock ahead":  {testState{Uptime: time.Hour}, Boot{Uptime: 3 * time.Hour}, false},
		"nothing known":       {testState{Uptime: time.Hour}, Boot{}, false},
	} {
		if got := rebooted(c.state, l, c.now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestPatternFindsEveryFlip: no changed bit of a block or line goes unseen.
func TestPatternFindsEveryFlip(t *testing.T) {
	block := make([]byte, blockSize)
	putBlock(block, 7, 9, 3)
	if !readBlock(block, 7, 3).whole(9) || readBlock(block, 7, 4).whole(9) || readBlock(block, 8, 3).whole(9) {
		t.Fatal("a block is not recognised, or a wrong one is")
	}
	for i := range block {
		block[i] ^= 1 << (i % 8)
		if readBlock(block, 7, 3).bad != 1 {
			t.Fatalf("flip in byte %d is not seen", i)
		}
		block[i] ^= 1 << (i % 8)
	}
	p := make([]byte, lineSize)
	line{run: 7, seq: 9, uptime: 1}.put(p)
	for i := range p {
		p[i] ^= 1 << (i % 8)
		if _, err := readLine(p); err == nil {
			t.Fatalf("flip in byte %d of a line is not seen", i)
		}
		p[i] ^= 1 << (i % 8)
	}
}

// TestPatternOfVersion1 freezes the bytes: a test begun by one version is judged
// by the next.
func TestPatternOfVersion1(t *testing.T) {
	block, p := make([]byte, blockSize), make([]byte, lineSize)
	putBlock(block, 0x0102030405060708, 9, 3)
	line{run: 0x0102030405060708, seq: 9, uptime: 1e9}.put(p)
	golden(t, "pattern1.bin", block[:2*sectorSize])
	golden(t, "ledger1.bin", p)
}

func FuzzPattern(f *testing.F) {
	block := make([]byte, blockSize)
	putBlock(block, 7, 9, 3)
	f.Add(block)
	l := make([]byte, lineSize)
	line{run: 7, seq: 9}.put(l)
	f.Add(l)
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := readLine(b); err == nil {
			again := make([]byte, lineSize)
			got.put(again)
			if string(again) != string(b) {
				t.Error("a line that is read is written otherwise")
			}
		}
		if len(b) == blockSize {
			readBlock(b, 7, 3)
		}
	})
}

func TestSlotsHaveTheirTurn(t *testing.T) {
	for _, slots := range []uint64{1, 7, 64, 12288} {
		seen := map[uint32]bool{}
		for seq := uint64(1); seq <= slots; seq++ {
			seen[slotOf(seq, slots)] = true
		}
		if uint64(len(seen)) != slots {
			t.Errorf("%d slots: %d are used in one round", slots, len(seen))
		}
	}
}
