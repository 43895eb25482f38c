package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/store"
)

func long() bool { return os.Getenv("TRAMXA_LONG") == "1" }

var epochStart = time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC)

func fixedNow() time.Time { return epochStart }

// onDisk makes a station in a temporary directory of the real file system.
func onDisk(t testing.TB) store.Options {
	t.Helper()
	root := t.TempDir()
	o := store.Options{
		Dir: filepath.Join(root, "station"), KeyFile: filepath.Join(root, "keys", "station.key"),
		Reserve: 1, Ballast: -1, Now: fixedNow,
	}
	initStation(t, o)
	return o
}

func initStation(t testing.TB, o store.Options) {
	t.Helper()
	_, err := store.Init(store.InitOptions{
		Dir: o.Dir, KeyFile: o.KeyFile, FS: o.FS, Station: 7, Mint: 12, Unit: "23764", Now: epochStart,
	})
	if err != nil {
		t.Fatalf("init: %v", err)
	}
}

func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func closeStore(t testing.TB, s *store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// draft is the record of an entry, written by user 1 at device dev.
func draft(mint population.Mint, e population.Entry, dev uint32, devSeq uint64) (journal.Draft, error) {
	kind, version, body, err := population.EncodeBody(mint, e)
	return journal.Draft{Envelope: journal.Envelope{
		Kind: uint16(kind), Version: version, At: epochStart.Unix() + int64(devSeq), Trusted: true,
		Actor: 1, Device: dev, DeviceSeq: devSeq,
	}, Body: body}, err
}

// content is a small invented book: command n of a device adds one entry or two.
// Whether it does depends on nothing but n and what the register holds, so a
// second attempt after a cut adds the same.
func content(tx *store.Tx, dev uint32, n uint64) error {
	if _, seen := tx.Repeat(dev, n); seen {
		return nil
	}
	add := func(e population.Entry) error {
		d, err := draft(tx.Mint(), e, dev, n)
		if err != nil {
			return err
		}
		_, err = tx.Add(d)
		return err
	}
	id := func(plus uint32) population.ID { return population.NewID(tx.Mint(), tx.NextSerial()+plus) }
	area := tx.View().AreaByNumber(1)
	if area == 0 {
		area = id(0)
		if err := add(population.AreaDefined{ID: area, Number: 1, Unit: 23764, Hamlet: "Thôn Một"}); err != nil {
			return err
		}
	}
	house := tx.View().HouseholdAt(area, population.HouseholdNumber{Number: uint32(n/8) + 1})
	day := population.Date{Year: 2027, Month: 1, Day: uint8(n%28) + 1}
	switch {
	case house == 0:
		return add(population.HouseholdOpened{
			ID: id(0), Type: population.KindFamily, Area: area, Number: population.HouseholdNumber{Number: uint32(n/8) + 1},
			Date: day, Period: population.MonthPeriod(2027, 1),
			Members: []population.Member{
				member(id(1), population.RelHead, fmt.Sprintf("Nguyễn Văn %s", given(n)), population.Male, 1980),
				member(id(2), population.RelSpouse, fmt.Sprintf("Rơ Châm %s", given(n+3)), population.Female, 1984),
			},
		})
	case n%5 == 0:
		return add(population.Birth{
			Household: house, Child: population.Member{ID: id(0), Relation: population.RelChild,
				Facts: population.Facts{Name: "Gái", Sex: population.Female, Born: day, Ethnicity: 1}},
			Order: 1, Weight: 3100, Period: population.MonthPeriod(2027, 1),
		})
	default:
		return add(population.PersonRegistered{
			Household: house, Date: day, Period: population.MonthPeriod(2027, 1),
			Member: member(id(0), population.RelChild, "Nguyễn Thị "+given(n), population.Female, uint16(2000+n%20)),
		})
	}
}

func given(n uint64) string {
	return [...]string{"Lan", "Hường", "Hùng", "Đức", "Ánh", "Thủy", "Kiệt"}[n%7]
}

func member(id population.ID, rel population.Code, name string, sex population.Sex, year uint16) population.Member {
	return population.Member{ID: id, Relation: rel, Facts: population.Facts{
		Name: name, Sex: sex, Born: population.Date{Year: year, Month: 5}, Ethnicity: 1, Residence: population.ResPresent,
	}}
}

// save records command n of a device.
func save(s *store.Store, dev uint32, n uint64) (store.Committed, error) {
	return s.Update(context.Background(), func(tx *store.Tx) error { return content(tx, dev, n) })
}

func mustSave(t testing.TB, s *store.Store, dev uint32, from, to uint64) {
	t.Helper()
	for n := from; n <= to; n++ {
		if _, err := save(s, dev, n); err != nil {
			t.Fatalf("save %d:%d: %v", dev, n, err)
		}
	}
}

// missing returns the first of the commands 1…last of dev that the register does
// not know, 0 when all are there.
func missing(s *store.Store, dev uint32, last uint64) (n uint64, err error) {
	err = s.View(context.Background(), func(v *register.View) error {
		for i := uint64(1); i <= last; i++ {
			if _, ok := v.Repeat(dev, i); !ok {
				n = i
				return nil
			}
		}
		return nil
	})
	return n, err
}

// checkWhole fails the test unless everything saved is there and the view is the
// fold of the journal.
func checkWhole(t testing.TB, s *store.Store, dev uint32, last uint64) {
	t.Helper()
	if n, err := missing(s, dev, last); n != 0 || err != nil {
		t.Fatalf("command %d of %d is not there, %v", n, last, err)
	}
	if r, err := s.Verify(context.Background(), nil); err != nil {
		t.Fatalf("verify: %+v: %v", r, err)
	}
}

func wantError(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

// quickDir is a temporary directory in memory where the system has one: for
// views, whose durability nobody relies on.
func quickDir(t testing.TB) string {
	t.Helper()
	const memory = "/dev/shm"
	dir, err := os.MkdirTemp(memory, "tramxa-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// hang is when a test gives up that waits for another goroutine. No test that passes
// comes near it.
const hang = 2 * time.Minute

// bounded is a context that ends what would hang.
func bounded(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	t.Cleanup(cancel)
	return ctx
}

// holdWriter keeps the writer of s busy with a command that adds nothing, until
// release, or until the test ends.
func holdWriter(t testing.TB, ctx context.Context, s *store.Store) (release func()) {
	t.Helper()
	hold, held := make(chan struct{}), make(chan struct{})
	release = sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release) // before the store is closed, which waits for the writer
	ended := make(chan error, 1)
	go func() {
		_, err := s.Update(ctx, func(*store.Tx) error { close(held); <-hold; return nil })
		ended <- err
	}()
	select {
	case <-held:
	case err := <-ended:
		t.Fatalf("the writer is not held: %v", err)
	case <-ctx.Done():
		t.Fatal("the writer does not take a command")
	}
	return release
}

// waitQueued returns when n commands wait for the writer, which is held. early, if
// not nil, tells that one of them came back instead.
func waitQueued(t testing.TB, ctx context.Context, s *store.Store, n int, early <-chan error) {
	t.Helper()
	for s.Queued() < n {
		select {
		case err := <-early:
			t.Fatalf("a command does not wait for the writer: %v", err)
		case <-ctx.Done():
			t.Fatalf("%d commands of %d wait for the writer", s.Queued(), n)
		default:
			runtime.Gosched()
		}
	}
}
