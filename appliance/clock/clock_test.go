package clock_test

import (
	"testing"
	"time"

	"tramxa/appliance/clock"
	"tramxa/appliance/population"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestTrustLiesBetweenTheFloorAndTenYearsAboveIt(t *testing.T) {
	floor := at("2027-03-05T10:00:00Z")
	for _, c := range []struct {
		wall  string
		trust bool
		today population.Date
	}{
		{"1970-01-01T00:00:10Z", false, population.Date{Year: 2027, Month: 3, Day: 5}},
		{"2027-03-05T09:59:59Z", false, population.Date{Year: 2027, Month: 3, Day: 5}},
		{"2027-03-05T10:00:00Z", true, population.Date{Year: 2027, Month: 3, Day: 5}},
		{"2027-03-05T17:00:00Z", true, population.Date{Year: 2027, Month: 3, Day: 6}}, // midnight in the country
		{"2036-12-31T00:00:00Z", true, population.Date{Year: 2036, Month: 12, Day: 31}},
		{"2080-01-01T00:00:00Z", false, population.Date{Year: 2027, Month: 3, Day: 5}},
	} {
		wall := at(c.wall)
		k := clock.New(clock.Options{Now: func() time.Time { return wall }, Floor: floor})
		got, trusted := k.Now()
		if !got.Equal(wall) || trusted != c.trust {
			t.Errorf("at %s: Now %v, trusted %v; want %v", c.wall, got, trusted, c.trust)
		}
		if day, trusted := k.Today(); day != c.today || trusted != c.trust {
			t.Errorf("at %s: Today %v, trusted %v; want %v, %v", c.wall, day, trusted, c.today, c.trust)
		}
		if r := k.Read(); r.At != wall.Unix() || r.Offset != 0 || r.Trusted != c.trust {
			t.Errorf("at %s: reading %+v", c.wall, r)
		}
	}
}

func TestWithoutAFloorTheProgramsOwnDateIsOne(t *testing.T) {
	wall := at("2020-06-01T00:00:00Z")
	k := clock.New(clock.Options{Now: func() time.Time { return wall }})
	if _, trusted := k.Now(); trusted {
		t.Error("a clock before the program was written is trusted")
	}
	if k.Floor().Year() < 2026 {
		t.Errorf("floor %v", k.Floor())
	}
}

func TestTheHubsWordCorrectsADeadClock(t *testing.T) {
	wall := at("1970-01-01T00:00:00Z")
	k := clock.New(clock.Options{Now: func() time.Time { return wall }})
	hub := at("2027-07-01T03:00:00Z")
	k.Hub(hub)
	r := k.Read()
	if !r.Trusted || time.Unix(r.At+int64(r.Offset), 0).UTC() != hub {
		t.Errorf("reading after the hub's word: %+v", r)
	}
	if day, trusted := k.Today(); !trusted || day != (population.Date{Year: 2027, Month: 7, Day: 1}) {
		t.Errorf("today %v, trusted %v", day, trusted)
	}
	wall = wall.Add(-time.Hour) // set back by hand
	if _, trusted := k.Now(); trusted {
		t.Error("an hour before the hub's word is trusted")
	}
}

func TestTheFloorNeverSinks(t *testing.T) {
	k := clock.New(clock.Options{Floor: at("2030-01-01T00:00:00Z")})
	k.Observe(at("2029-01-01T00:00:00Z"))
	if got := k.Floor(); got.Year() != 2030 {
		t.Errorf("floor %v", got)
	}
	k.Observe(at("2031-01-01T00:00:00Z"))
	if got := k.Floor(); got.Year() != 2031 {
		t.Errorf("floor %v", got)
	}
}
