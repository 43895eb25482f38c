package backups_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/store"
)

func madeAt(number int, at time.Time) backups.Copy {
	return backups.Copy{Number: number, Manifest: store.Manifest{Made: at.UTC().Format(time.RFC3339)}}
}

func TestAYearOfCopiesIsThinnedOut(t *testing.T) {
	var list []backups.Copy
	for i := range 400 {
		list = append(list, madeAt(i+1, day1.AddDate(0, 0, i)))
		gone := map[int]bool{}
		for _, c := range backups.DefaultPolicy.Surplus(list) {
			gone[c.Number] = true
		}
		var kept []backups.Copy
		for _, c := range list {
			if !gone[c.Number] {
				kept = append(kept, c)
			}
		}
		list = kept
	}
	newest := day1.AddDate(0, 0, 399)
	if n := len(list); n < 19 || n > 23 {
		t.Errorf("%d copies are kept", n)
	}
	if got := list[len(list)-1].Made(); !got.Equal(newest) {
		t.Errorf("the newest is of %s", got)
	}
	if oldest := newest.Sub(list[0].Made()); oldest < 300*24*time.Hour || oldest > 370*24*time.Hour {
		t.Errorf("the oldest is %s old", oldest)
	}
	for i := 1; i <= 7; i++ {
		if got := list[len(list)-i].Made(); !got.Equal(newest.AddDate(0, 0, 1-i)) {
			t.Errorf("of the last week, day %d is %s", i, got)
		}
	}
}

func TestAWrongClockRemovesNothingThatCounts(t *testing.T) {
	list := []backups.Copy{madeAt(1, day1), madeAt(2, day1.AddDate(0, 0, 1)), madeAt(3, time.Unix(0, 0)), madeAt(4, day1.AddDate(54, 0, 0)),
		{Number: 5, Manifest: store.Manifest{Made: "nonsense"}}}
	if gone := backups.DefaultPolicy.Surplus(list); len(gone) > 0 {
		t.Errorf("gone: %v", gone)
	}
	if gone := (backups.Policy{}).Surplus(list); len(gone) != 4 {
		t.Errorf("the newest must stay: %v", gone)
	}
}

func TestCopiesShareWhatTheyHaveInCommon(t *testing.T) {
	w := newWorld(t, func(_ *world, o *backups.Options) { o.Keep = backups.Policy{Days: 3} })
	w.record(t, 200)
	first := w.once(t).Places[1].Bytes
	var st backups.Status
	for range 6 {
		w.now = w.now.Add(24 * time.Hour)
		w.record(t, 3)
		st = w.once(t)
	}
	if p := st.Places[1]; p.Copies != 3 || p.Bytes > 3*first {
		t.Errorf("%d copies take %d bytes, the first took %d", p.Copies, p.Bytes, first)
	}
	var sum int64
	list := w.copies(t, w.stick)
	needed := map[string]bool{}
	for _, c := range list {
		sum += c.Size()
		for _, f := range c.Manifest.Files {
			needed[hexOf([32]byte(f.SHA256))] = true
		}
	}
	if sum <= st.Places[1].Bytes {
		t.Errorf("nothing is shared: %d of %d", st.Places[1].Bytes, sum)
	}
	for _, name := range w.pool(t, w.stick) {
		if !needed[filepath.Base(name)] {
			t.Errorf("%s belongs to no copy", filepath.Base(name))
		}
	}
	w.whole(t, w.stick)
	if list[0].Number != 5 || list[2].Number != 7 {
		t.Errorf("kept: %d to %d", list[0].Number, list[2].Number)
	}
}

func TestAStickAndACodeAreAStation(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 25)
	code := fixedCode(t)
	sealed, err := backups.SealKeys(w.s.Keys(), code, rand32{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.o.Dir, backups.SealedName), sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	if st := w.once(t); !st.Places[1].HasKeys {
		t.Fatalf("%+v", st)
	}
	_, want, err := w.s.State(context.Background())
	if err != nil {
		t.Fatal(err)
	}

	found, err := backups.Look(nil, w.stick)
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	c := found[0]
	info, err := c.Info()
	if err != nil || info.Name != "Xã Ia Grai" || len(info.Hub) != 1 {
		t.Errorf("particulars %+v, %v", info, err)
	}
	typed, err := backups.ParseRecoveryCode(code.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	box, err := c.Sealed()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := backups.OpenKeys(box, typed)
	if err != nil {
		t.Fatal(err)
	}
	o := store.Options{Dir: filepath.Join(w.root, "new", "station"), KeyFile: filepath.Join(w.root, "new-keys", "station.key"), Reserve: 1, Ballast: -1}
	if err := store.PutKeys(nil, o.KeyFile, keys); err != nil {
		t.Fatal(err)
	}
	src, from := c.FS()
	if _, err := store.RestoreFrom(context.Background(), src, from, o); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if seq, got, err := s.State(context.Background()); err != nil || got != want || seq != 26 {
		t.Errorf("restored to %d: %+v, %v", seq, got, err)
	}
}

// rand32 is an endless source of one byte.
type rand32 struct{}

func (rand32) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 32
	}
	return len(p), nil
}

func TestAStickPluggedInLaterGetsTheNewestCopy(t *testing.T) {
	w := newWorld(t, nil)
	both := w.targets
	w.targets = both[:1]
	w.record(t, 10)
	w.once(t)
	w.targets = both
	if err := w.night.Carry(context.Background(), both[1:]); err != nil {
		t.Fatal(err)
	}
	st := w.night.Status()
	if len(st.Places) != 2 || len(w.copies(t, w.stick)) != 1 || !st.Elsewhere() {
		t.Fatalf("%+v", st)
	}
	for _, p := range st.Places {
		if !p.There {
			t.Errorf("%s is said to be gone", p.Dir)
		}
	}
	if err := w.night.Carry(context.Background(), both[1:]); err != nil || len(w.copies(t, w.stick)) != 1 {
		t.Errorf("carried twice: %v", err)
	}
	w.targets = both[:1]
	w.now = w.now.Add(24 * time.Hour)
	if st := w.once(t); st.Places[0].Kind != backups.Local || st.Places[1].There || !st.Elsewhere() {
		t.Errorf("taken away: %+v", st)
	}
}

func TestTwoStationsOfOneNumberShareAStick(t *testing.T) {
	a := newWorld(t, nil)
	b := newWorld(t, func(w *world, _ *backups.Options) { w.targets[1].Dir = a.stick })
	a.record(t, 5)
	b.record(t, 7)
	a.once(t)
	b.once(t)
	if a.folder(a.stick) == b.folder(a.stick) {
		t.Fatal("both have one folder")
	}
	list, err := backups.Look(nil, a.stick)
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	a.whole(t, a.stick)
	b.whole(t, a.stick)
}

func TestTheStateOutlivesTheProcess(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 5)
	want := w.once(t)
	home := w.targets[0].Dir
	got, err := backups.ReadStatus(nil, filepath.Join(home, backups.StatusName))
	if err != nil || len(got.Places) != 2 || got.Places[0] != want.Places[0] || got.Station != 7 {
		t.Errorf("%+v, %v", got, err)
	}
	flip(t, filepath.Join(home, backups.StatusName))
	if got, err := backups.ReadStatus(nil, filepath.Join(home, backups.StatusName)); err != nil || len(got.Places) != 0 {
		t.Errorf("a damaged one: %+v, %v", got, err)
	}
}

func TestWithoutAPlaceThereIsASentence(t *testing.T) {
	w := newWorld(t, nil)
	w.targets = nil
	if _, err := w.night.Once(context.Background()); err == nil {
		t.Error("nothing is said")
	}
	if _, err := backups.New(backups.Options{}); err == nil {
		t.Error("made of nothing")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.night.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("run: %v", err)
	}
}

func TestWhenACopyIsDue(t *testing.T) {
	night := day1 // 03:00 in the country
	noon := day1.Add(9 * time.Hour)
	fresh := func(at time.Time) backups.Status {
		return backups.Status{Places: []backups.PlaceStatus{{Proven: backups.Restored, Made: at}}}
	}
	tick := time.Now()
	for _, c := range []struct {
		name    string
		tried   time.Time
		good    bool
		now     time.Time
		trusted bool
		st      backups.Status
		want    bool
	}{
		{"never one", time.Time{}, false, noon, true, backups.Status{}, true},
		{"started at noon, last night's is there", time.Time{}, false, noon, true, fresh(noon.Add(-9 * time.Hour)), false},
		{"the PC is off at night", time.Time{}, false, noon, true, fresh(noon.Add(-24 * time.Hour)), true},
		{"night, yesterday's by day", time.Time{}, false, night, true, fresh(night.Add(-15 * time.Hour)), true},
		{"the last is of the future", time.Time{}, false, noon, true, fresh(noon.Add(time.Hour)), true},
		{"a clock nobody trusts", time.Time{}, false, noon, false, fresh(noon.Add(-time.Hour)), true},
		{"this process did, the clock jumped a year", tick.Add(-time.Hour), true, noon.AddDate(1, 0, 0), true, fresh(noon), false},
		{"this process did, a day ago", tick.Add(-21 * time.Hour), true, noon, false, fresh(noon), true},
		{"this process failed just now", tick.Add(-time.Hour), false, noon, true, backups.Status{}, false},
		{"this process failed, try again", tick.Add(-4 * time.Hour), false, noon, true, backups.Status{}, true},
	} {
		if got := backups.Due(c.tried, c.good, tick, c.now, c.trusted, c.st); got != c.want {
			t.Errorf("%s: due %v", c.name, got)
		}
	}
}
