package importer_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"tramxa/appliance/clock"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/registrar/importer"
	"tramxa/appliance/store"
)

const mint = population.Mint(12)

var (
	start = time.Date(2027, 1, 5, 2, 0, 0, 0, time.UTC)
	today = population.Date{Year: 2027, Month: 1, Day: 5}
)

type station struct {
	t     testing.TB
	store *store.Store
	reg   *registrar.Registrar
}

// newStation is a station with a head (user 1) and an officer (user 2).
func newStation(t testing.TB) *station {
	t.Helper()
	root := t.TempDir()
	o := store.Options{
		Dir: filepath.Join(root, "station"), KeyFile: filepath.Join(root, "keys", "station.key"), Reserve: 1, Ballast: -1,
	}
	if _, err := store.Init(store.InitOptions{Dir: o.Dir, KeyFile: o.KeyFile, Station: 7, Mint: uint32(mint), Unit: "23764", Now: start}); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c := clock.New(clock.Options{Now: func() time.Time { return start }, Floor: start})
	st := &station{t: t, store: s, reg: registrar.New(registrar.Options{Store: s, Clock: c})}
	st.must(0, population.UserCreated{Login: "huong", Name: "Nguyễn Thị Hương", Role: population.RoleHead})
	st.must(1, population.UserCreated{Login: "nam", Name: "Trần Văn Nam", Role: population.RoleOfficer})
	return st
}

func (s *station) must(actor uint32, e population.Entry) registrar.Answer {
	s.t.Helper()
	a, err := s.reg.Record(context.Background(), actor, registrar.Command{Entries: []population.Entry{e}})
	if err != nil || a.Status != registrar.StatusRecorded {
		s.t.Fatalf("%v: %+v %v", e.Kind(), a, err)
	}
	return a
}

func (s *station) view(fn func(v *register.View)) {
	s.t.Helper()
	if err := s.store.View(context.Background(), func(v *register.View) error { fn(v); return v.Err() }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *station) options() importer.Options {
	return importer.Options{Registrar: s.reg, Store: s.store, Actor: 2, Source: "a0.csv", Unit: 23764}
}

func read(t testing.TB, csv string) *importer.Book {
	t.Helper()
	b, err := importer.Read(bytes.NewReader([]byte(csv)), importer.ReadOptions{Today: today})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *station) run(b *importer.Book, o importer.Options) *importer.Result {
	s.t.Helper()
	r, err := importer.Run(context.Background(), b, o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// members counts the persons in the book, by area.
func (s *station) members() (n int) {
	s.view(func(v *register.View) {
		for _, a := range v.Areas() {
			for _, h := range v.HouseholdsOf(a.ID) {
				n += len(v.Members(h.ID))
			}
		}
	})
	return n
}
