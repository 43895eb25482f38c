package registrar_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"tramxa/appliance/clock"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/store"
)

const mint = population.Mint(12)

var start = time.Date(2026, 3, 20, 2, 0, 0, 0, time.UTC)

// station is a real store in a temporary directory with its registrar.
type station struct {
	*registrar.Registrar
	t     testing.TB
	store *store.Store
	now   time.Time
}

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
	st := &station{t: t, store: s, now: start}
	c := clock.New(clock.Options{Now: func() time.Time { return st.now }, Floor: start})
	st.Registrar = registrar.New(registrar.Options{Store: s, Clock: c})
	return st
}

// withOfficer makes user 1 the head of the station, user 2 an officer and area 1.
func (s *station) withOfficer() *station {
	s.t.Helper()
	s.must(0, population.UserCreated{Login: "huong", Name: "Nguyễn Thị Hương", Role: population.RoleHead})
	s.must(1, population.UserCreated{Login: "nam", Name: "Trần Văn Nam", Role: population.RoleOfficer})
	s.must(2, population.AreaDefined{Number: 1, Unit: 23764, Hamlet: "Thôn 1", Date: day(2025, 1, 1)})
	return s
}

func (s *station) record(actor uint32, cmd registrar.Command) registrar.Answer {
	s.t.Helper()
	a, err := s.Record(context.Background(), actor, cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *station) must(actor uint32, es ...population.Entry) registrar.Answer {
	s.t.Helper()
	a := s.record(actor, registrar.Command{Entries: es})
	if a.Status != registrar.StatusRecorded {
		s.t.Fatalf("%v: %s: %v", es[0].Kind(), a.Status, a.Findings)
	}
	return a
}

func (s *station) view(fn func(v *register.View)) {
	s.t.Helper()
	if err := s.store.View(context.Background(), func(v *register.View) error { fn(v); return v.Err() }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *station) person(id population.ID) (p *population.Person) {
	s.view(func(v *register.View) { p = v.Person(id) })
	return p
}

func day(y, m, d int) population.Date {
	return population.Date{Year: uint16(y), Month: uint8(m), Day: uint8(d)}
}

// family is a couple with a child: ids household, husband, wife, child.
func family(area population.ID, number uint32) population.HouseholdOpened {
	person := func(name string, rel population.Code, sex population.Sex, born population.Date) population.Member {
		return population.Member{Relation: rel, Facts: population.Facts{Name: name, Sex: sex, Born: born}}
	}
	return population.HouseholdOpened{
		Type: population.KindFamily, Area: area, Number: population.HouseholdNumber{Number: number}, Date: day(2026, 1, 1),
		Members: []population.Member{
			person("Nguyễn Văn An", population.RelHead, population.Male, day(1980, 5, 1+int(number)%28)),
			person("Trần Thị Bình", population.RelSpouse, population.Female, day(1984, 6, 1+int(number)%28)),
			person("Nguyễn Thị Chi", population.RelChild, population.Female, day(2012, 7, 1+int(number)%28)),
		},
	}
}
