package backups_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/store"
)

var day1 = time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC) // three in the morning of the third

// world is a station with places for its copies.
type world struct {
	root, stick string
	o           store.Options
	s           *store.Store
	now         time.Time
	n           uint64 // commands recorded
	night       *backups.Nightly
	targets     []backups.Target
}

func newWorld(t *testing.T, tune func(*world, *backups.Options)) *world {
	t.Helper()
	return newWorldIn(t, tempDir(t), 8<<10, tune)
}

func newWorldIn(t *testing.T, root string, segment int64, tune func(*world, *backups.Options)) *world {
	t.Helper()
	w := &world{root: root, stick: filepath.Join(root, "stick", backups.StickFolder), now: day1}
	w.o = store.Options{Dir: filepath.Join(root, "base", "station"), KeyFile: filepath.Join(root, "base-keys", "station.key"),
		Reserve: 1, Ballast: -1, SegmentSize: segment, Now: func() time.Time { return w.now }}
	if _, err := store.Init(store.InitOptions{Dir: w.o.Dir, KeyFile: w.o.KeyFile, Station: 7, Mint: 12, Unit: "23764", Now: day1}); err != nil {
		t.Fatal(err)
	}
	local := filepath.Join(root, "base", "backups")
	for _, dir := range []string{w.stick, local} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.targets = []backups.Target{{Dir: local, Kind: backups.Local}, {Dir: w.stick, Kind: backups.Stick, Label: "KINGSTON"}}
	w.open(t)
	o := backups.Options{Station: w.s, KeyFile: w.o.KeyFile, Home: local, Reserve: 1, Settle: time.Nanosecond,
		Sealed:  filepath.Join(w.o.Dir, backups.SealedName),
		Targets: func() []backups.Target { return w.targets },
		Info: func() backups.Info {
			return backups.Info{Station: 7, Unit: "23764", Name: "Xã Ia Grai", Hub: []string{"hub1.example:8470"}}
		},
		Now: func() (time.Time, bool) { return w.now, true }}
	if tune != nil {
		tune(w, &o)
	}
	var err error
	if w.night, err = backups.New(o); err != nil {
		t.Fatal(err)
	}
	return w
}

// tempDir is in memory where the system has that: nobody relies on its sync.
func tempDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "tramxa-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (w *world) open(t *testing.T) {
	t.Helper()
	s, err := store.Open(context.Background(), w.o)
	if err != nil {
		t.Fatal(err)
	}
	w.s = s
	t.Cleanup(func() { _ = s.Close() })
}

// record writes n households.
func (w *world) record(t *testing.T, n int) {
	t.Helper()
	for range n {
		w.n++
		if _, err := w.s.Update(context.Background(), func(tx *store.Tx) error { return household(tx, w.n, w.now) }); err != nil {
			t.Fatal(err)
		}
	}
}

func household(tx *store.Tx, n uint64, now time.Time) error {
	id := func(plus uint32) population.ID { return population.NewID(tx.Mint(), tx.NextSerial()+plus) }
	add := func(e population.Entry) error {
		kind, version, body, err := population.EncodeBody(tx.Mint(), e)
		if err != nil {
			return err
		}
		_, err = tx.Add(journal.Draft{Envelope: journal.Envelope{Kind: uint16(kind), Version: version, At: now.Unix(), Trusted: true,
			Actor: 1, Device: 1, DeviceSeq: n}, Body: body})
		return err
	}
	area := tx.View().AreaByNumber(1)
	if area == 0 {
		area = id(0)
		if err := add(population.AreaDefined{ID: area, Number: 1, Unit: 23764, Hamlet: "Làng Dút"}); err != nil {
			return err
		}
	}
	return add(population.HouseholdOpened{ID: id(0), Type: population.KindFamily, Area: area, Number: population.HouseholdNumber{Number: uint32(n)},
		Date: population.Date{Year: 2026, Month: 3, Day: 1}, Period: population.MonthPeriod(2026, 3),
		Members: []population.Member{{ID: id(1), Relation: population.RelHead, Facts: population.Facts{
			Name: fmt.Sprintf("Puih Thưn %d", n), Sex: population.Male, Born: population.Date{Year: 1980, Month: 5}, Ethnicity: 10, Residence: population.ResPresent}}}})
}

func (w *world) once(t *testing.T) backups.Status {
	t.Helper()
	st, err := w.night.Once(context.Background())
	if err != nil {
		t.Fatalf("once: %v (%+v)", err, st)
	}
	return st
}

func TestANightsCopyIsProvenEverywhere(t *testing.T) {
	w := newWorld(t, nil)
	w.record(t, 40)
	st := w.once(t)
	if len(st.Places) != 2 || st.Places[0].Proven != backups.Restored || st.Places[1].Proven != backups.Read {
		t.Fatalf("%+v", st)
	}
	for _, p := range st.Places {
		if p.Copies != 1 || p.Sequence != 41 || p.Problem != backups.Fine || p.Bytes == 0 || !p.There {
			t.Errorf("%+v", p)
		}
	}
	if best, ok := st.Best(); !ok || best.Kind != backups.Local || !st.Elsewhere() {
		t.Errorf("best %+v", best)
	}
}
