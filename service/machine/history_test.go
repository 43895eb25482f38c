package machine_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
	"tramxa/service/machine"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// life is a list of observations as short words.
type life []machine.Observation

func (l *life) boot(bad bool) *life {
	s := machine.Started{Boot: machine.Boot{ID: fmt.Sprint("b", len(*l)), Uptime: time.Minute}, Clock: noon, Floor: noon.Add(-time.Hour), Print: machine.PrintOf(hardware("", "EB0001", "Z9T0001"))}
	if bad {
		s.Clock = time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	*l = append(*l, s)
	return l
}

func (l *life) stop() *life { *l = append(*l, machine.Stopped{}); return l }

func (l *life) day(n int, m machine.Measured) *life {
	m.At = noon.AddDate(0, 0, n)
	*l = append(*l, m)
	return l
}

func (l life) history() machine.History {
	var h machine.History
	for _, o := range l {
		h = h.See(o)
	}
	return h
}

func warned(h machine.History) string {
	var k []string
	for _, w := range h.Warnings() {
		k = append(k, strings.TrimPrefix(w.Key, "warn.")+":"+string(w.Level))
	}
	return strings.Join(k, " ")
}

func TestWarnings(t *testing.T) {
	smart := func(re, pend, crc int64) *machine.Smart {
		return &machine.Smart{Verdict: machine.Good, Counts: machine.Counts{Reallocated: re, Pending: pend, CRC: crc}}
	}
	days := func(n int, m func(i int) machine.Measured) life {
		var l life
		for i := range n {
			l.day(i, m(i))
		}
		return l
	}
	const gib = 1 << 30
	for name, c := range map[string]struct {
		life life
		want string
	}{
		"nothing":                     {nil, ""},
		"good boots":                  {*(&life{}).boot(false).stop().boot(false).stop().boot(false), ""},
		"one bad clock":               {*(&life{}).boot(true).stop().boot(false), ""},
		"two bad clocks of five":      {*(&life{}).boot(true).stop().boot(false).stop().boot(true).stop().boot(false), "cmos:warn"},
		"bad clocks, battery changed": {*(&life{}).boot(true).stop().boot(true).stop().boot(false).stop().boot(false).stop().boot(false).stop().boot(false), ""},
		"two power cuts":              {*(&life{}).boot(false).boot(false).boot(false), ""},
		"three power cuts":            {*(&life{}).boot(false).boot(false).boot(false).boot(false).stop(), "unclean:warn"},
		"no battery at all": {life{
			machine.Started{Boot: machine.Boot{ID: "1"}, Clock: noon, Floor: noon.Add(1), NoRTC: true}, machine.Stopped{},
			machine.Started{Boot: machine.Boot{ID: "2"}, Clock: noon, Floor: noon.Add(1), NoRTC: true}}, "nortc:warn"},
		"the program crashes in one boot": {life{
			machine.Started{Boot: machine.Boot{ID: "1"}}, machine.Started{Boot: machine.Boot{ID: "1"}}, machine.Started{Boot: machine.Boot{ID: "1"}},
			machine.Started{Boot: machine.Boot{ID: "1"}}}, "crash:warn"},
		"the program is restarted in order": {life{
			machine.Started{Boot: machine.Boot{ID: "1"}}, machine.Stopped{}, machine.Started{Boot: machine.Boot{ID: "1"}}, machine.Stopped{},
			machine.Started{Boot: machine.Boot{ID: "1"}}, machine.Stopped{}, machine.Started{Boot: machine.Boot{ID: "1"}}}, ""},
		"sectors grow": {days(6, func(i int) machine.Measured { return machine.Measured{Smart: smart(int64(4*(i/2)), 0, 0)} }), "disk.growing:alarm"},
		"sectors stay": {days(6, func(int) machine.Measured { return machine.Measured{Smart: smart(4, 0, 0)} }), ""},
		"another disk, count smaller": {days(6, func(i int) machine.Measured {
			return machine.Measured{Smart: smart([]int64{1, 3, 5, 0, 0, 0}[i], 0, 0)}
		}), ""},
		"the cable":               {days(4, func(i int) machine.Measured { return machine.Measured{Smart: smart(0, 0, int64(8*i))} }), "disk.cable:warn"},
		"the disk says so":        {life{machine.Measured{At: noon, Smart: &machine.Smart{Verdict: machine.Failing, Reasons: []machine.Reason{{Key: "smart.pending"}}}}}, "disk.failing:alarm"},
		"the disk hints":          {life{machine.Measured{At: noon, Smart: &machine.Smart{Verdict: machine.Watched, Reasons: []machine.Reason{{Key: "smart.reported"}}}}}, "disk.watch:warn"},
		"slow from the first day": {days(12, func(int) machine.Measured { return machine.Measured{Flush: 70 * time.Millisecond} }), ""},
		"gets slow": {days(12, func(i int) machine.Measured {
			return machine.Measured{Flush: 20 * time.Millisecond << (i / 8 * 2)}
		}), "disk.slow:warn"},
		"one slow day": {days(12, func(i int) machine.Measured {
			return machine.Measured{Flush: []time.Duration{20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 400}[i] * time.Millisecond}
		}), ""},
		"lies":                        {life{machine.Tested{Result: machine.DiskResult{Verdict: machine.Lies}}}, "disk.lies:alarm"},
		"lies, then a test without":   {life{machine.Tested{Result: machine.DiskResult{Verdict: machine.Lies}}, machine.Tested{Result: machine.DiskResult{Verdict: machine.Unproven}}}, "disk.lies:alarm"},
		"lies, then replaced, proven": {life{machine.Tested{Result: machine.DiskResult{Verdict: machine.Lies}}, machine.Tested{Result: machine.DiskResult{Verdict: machine.Honest}}}, ""},
		"room":                        {life{machine.Measured{At: noon, Free: 30 * gib, Reserve: gib}}, ""},
		"little room":                 {life{machine.Measured{At: noon, Free: 3 * gib / 2, Reserve: gib}}, "space:warn"},
		"no room":                     {life{machine.Measured{At: noon, Free: gib / 2, Reserve: gib}}, "space.full:alarm"},
		"full in three weeks":         {days(10, func(i int) machine.Measured { return machine.Measured{Free: uint64(20-i) * gib / 2, Reserve: gib} }), "space.soon:warn"},
		"full in years":               {days(10, func(i int) machine.Measured { return machine.Measured{Free: 100*gib - uint64(i)<<20, Reserve: gib} }), ""},
		"full, but the clock jumps": {append(days(10, func(i int) machine.Measured { return machine.Measured{Free: uint64(20-i) * gib / 2, Reserve: gib} }),
			machine.Measured{At: noon.AddDate(-9, 0, 0), Free: 5 * gib, Reserve: gib}), ""},
		"hot for days":     {days(3, func(int) machine.Measured { return machine.Measured{Heat: 96} }), "hot:warn"},
		"hot on two of":    {days(3, func(i int) machine.Measured { return machine.Measured{Heat: 96 - 20*float64(i%2)} }), ""},
		"copied elsewhere": {append(*(&life{}).boot(false).stop(), machine.Started{Boot: machine.Boot{ID: "z"}, Print: machine.PrintOf(hardware("", "EB0002", "Z9T0002"))}), "moved:alarm"},
		"moved on purpose": {append(*(&life{}).boot(false).stop(), machine.Started{Boot: machine.Boot{ID: "z"}, Print: machine.PrintOf(hardware("", "EB0002", "Z9T0002"))}, machine.Accepted{}), ""},
		"the worst comes first": {append(*(&life{}).boot(true).boot(true).boot(true).boot(false).stop(), machine.Tested{Result: machine.DiskResult{Verdict: machine.Lies}},
			machine.Measured{At: noon, Free: gib / 2, Reserve: gib}), "disk.lies:alarm space.full:alarm cmos:warn unclean:warn"},
	} {
		if got := warned(c.life.history()); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestHistoryIsPureAndBounded folds random observations: the one before stays as
// it was, nothing grows without end, and every history is read back the same.
func TestHistoryIsPureAndBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	disk := crashfs.New(crashfs.Options{})
	w, aside, err := machine.OpenWatch(disk, "/machine.json")
	if err != nil || aside != nil {
		t.Fatal(err, aside)
	}
	for i := range 600 {
		before := w.History()
		copied := fmt.Sprintf("%+v", before)
		if err := w.See(randomObservation(rng, i)); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%+v", before) != copied {
			t.Fatalf("step %d changed the history before", i)
		}
		if h := w.History(); len(h.Boots) > 16 || len(h.Days) > 120 {
			t.Fatalf("step %d: %d boots, %d days", i, len(h.Boots), len(h.Days))
		}
	}
	again, aside, err := machine.OpenWatch(disk, "/machine.json")
	if err != nil || aside != nil || !reflect.DeepEqual(again.History(), w.History()) {
		t.Errorf("read back: %v, %v\n%+v\n%+v", err, aside, again.History(), w.History())
	}
}

func randomObservation(rng *rand.Rand, i int) machine.Observation {
	switch rng.IntN(5) {
	case 0:
		return machine.Stopped{}
	case 1, 2:
		return machine.Started{Boot: machine.Boot{ID: fmt.Sprint(i / (1 + rng.IntN(3)))}, Clock: noon.AddDate(0, 0, rng.IntN(9)-4), Floor: noon, NoRTC: rng.IntN(4) == 0,
			Print: machine.PrintOf(hardware("", "EB0001", fmt.Sprint("disk", rng.IntN(3))))}
	case 3:
		return machine.Tested{Result: machine.DiskResult{Verdict: []machine.Verdict{machine.Honest, machine.Lies, machine.Unproven}[rng.IntN(3)]}}
	}
	return machine.Measured{At: noon.AddDate(0, 0, i), Flush: time.Duration(rng.IntN(1e9)), Free: uint64(rng.Int64N(1 << 40)), Reserve: 1 << 30,
		Smart: &machine.Smart{Verdict: machine.Good, Counts: machine.Counts{Reallocated: int64(rng.IntN(9))}}}
}

// TestWatchSurvivesPowerCuts cuts at every call: the history is as before or as
// after, never lost.
func TestWatchSurvivesPowerCuts(t *testing.T) {
	for seed := range uint64(120) {
		rng := rand.New(rand.NewPCG(seed, 9))
		disk := crashfs.New(crashfs.Options{Seed: seed})
		w, _, err := machine.OpenWatch(disk, "/machine.json")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.See(randomObservation(rng, 1)); err != nil {
			t.Fatal(err)
		}
		before := w.History()
		disk.CutAt(1 + rng.IntN(6))
		cut := w.See(machine.Started{Boot: machine.Boot{ID: "new"}, Clock: noon})
		after := w.History()
		disk.Crash(rng)
		again, aside, err := machine.OpenWatch(disk, "/machine.json")
		if err != nil || aside != nil {
			t.Fatalf("seed %d: %v, %v", seed, err, aside)
		}
		if h := again.History(); !reflect.DeepEqual(h, after) && (cut == nil || !reflect.DeepEqual(h, before)) {
			t.Errorf("seed %d: neither before nor after: %+v", seed, h)
		}
	}
}

func TestDamagedHistoryIsSetAside(t *testing.T) {
	disk := crashfs.New(crashfs.Options{})
	if err := journal.WriteFileAtomic(disk, "/machine.json", []byte("{\"version\": 1}\ncrc32c 00000000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := machine.ReadHistory(disk, "/machine.json"); !errors.Is(err, machine.ErrDamaged) {
		t.Errorf("read: %v", err)
	}
	w, aside, err := machine.OpenWatch(disk, "/machine.json")
	if err != nil || !errors.Is(aside, machine.ErrDamaged) || len(w.History().Boots) != 0 {
		t.Fatalf("%v, %v", aside, err)
	}
	if err := w.See(machine.Stopped{}); err != nil {
		t.Error(err)
	}
	if _, err := disk.Stat("/machine.json.bad"); err != nil {
		t.Errorf("not kept: %v", err)
	}
}

const goldenHistory = "testdata/machine1.json"

// TestHistoryOfVersion1StillReads also keeps what this program writes.
func TestHistoryOfVersion1StillReads(t *testing.T) {
	var l life
	l.boot(true).stop().boot(false)
	l.day(0, machine.Measured{Flush: 12 * time.Millisecond, Free: 90 << 30, Reserve: 2 << 30, Heat: 51,
		Smart: &machine.Smart{Device: "/dev/sda", Model: "EXAMPLE HDD500", Verdict: machine.Watched,
			Reasons: []machine.Reason{{Key: "smart.reallocated", Values: map[string]string{"n": "8"}}}, Counts: machine.Counts{Passed: 1, Reallocated: 8, Worn: -1}}})
	l = append(l, machine.Tested{Result: machine.DiskResult{Verdict: machine.Honest, Promised: 812, Cut: true, Torn: true,
		Reasons: []machine.Reason{{Key: "disk.test.kept", Values: map[string]string{"promised": "812"}}}}})
	want := l.history()
	if os.Getenv("TRAMXA_UPDATE") == "1" {
		w, _, err := machine.OpenWatch(journal.OS, goldenHistory+".new")
		if err == nil {
			err = w.See(l...)
		}
		if err == nil {
			err = os.Rename(goldenHistory+".new", goldenHistory)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := machine.ReadHistory(journal.OS, goldenHistory)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v\n got %+v\nwant %+v", err, got, want)
	}
	golden, err := os.ReadFile(goldenHistory)
	if err != nil {
		t.Fatal(err)
	}
	disk := crashfs.New(crashfs.Options{})
	w, _, err := machine.OpenWatch(disk, "/m")
	if err == nil {
		err = w.See(l...)
	}
	written, rerr := journal.ReadFile(disk, "/m", 1<<20)
	if err != nil || rerr != nil || !bytes.Equal(written, golden) {
		t.Errorf("this program writes another version 1 (%v, %v):\n%s", err, rerr, written)
	}
}

// TestHugeHistoryIsDamaged: as every file that this package did not write.
func TestHugeHistoryIsDamaged(t *testing.T) {
	disk := crashfs.New(crashfs.Options{})
	if err := journal.WriteFileAtomic(disk, "/m", make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := machine.ReadHistory(disk, "/m"); !errors.Is(err, machine.ErrDamaged) {
		t.Error(err)
	}
}

func FuzzReadHistory(f *testing.F) {
	golden, err := os.ReadFile(goldenHistory)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte("{}\ncrc32c 00000000\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		disk := crashfs.New(crashfs.Options{})
		if err := journal.WriteFileAtomic(disk, "/m", b, 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := machine.ReadHistory(disk, "/m")
		if err != nil && !errors.Is(err, machine.ErrDamaged) {
			t.Errorf("another error: %v", err)
		}
		if err == nil {
			h.Warnings()
		}
	})
}
