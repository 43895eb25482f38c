package populationtest_test

import (
	"io"
	"slices"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
)

// book is the plainest register there can be: all entries of each entity.
type book struct {
	seq  uint64
	live map[population.Ref][]population.Located
}

func (b *book) add(e population.Entry) {
	b.seq++
	for _, r := range e.Refs() {
		b.live[r] = append(b.live[r], population.Located{Seq: b.seq, Entry: e})
	}
}

// replay returns a commune and everything it emitted in some months.
func replay(t testing.TB, o populationtest.Options, months int) (*populationtest.Commune, *book, []populationtest.Event) {
	t.Helper()
	c := populationtest.New(o)
	b := &book{live: make(map[population.Ref][]population.Located)}
	for _, h := range c.Households {
		b.add(h)
	}
	var all []populationtest.Event
	for i, p := 0, population.PeriodOf(c.Options().Start); i < months; i, p = i+1, p.Next() {
		for _, e := range c.Month(p) {
			b.add(e.Entry)
			all = append(all, e)
		}
	}
	return c, b, all
}

// The fold of what was emitted is what the generator itself believes: two
// programs that know nothing of each other say who lives where.
func TestFoldAgreesWithTheGenerator(t *testing.T) {
	for name, o := range map[string]populationtest.Options{
		"clean":      {Seed: 21, Persons: 4000},
		"errors":     {Seed: 22, Persons: 4000, Errors: populationtest.Published()},
		"industrial": {Seed: 23, Persons: 4000, Flavour: populationtest.DongNai, Errors: populationtest.ErrorRates{Late: 0.6}},
	} {
		t.Run(name, func(t *testing.T) {
			c, b, _ := replay(t, o, 36)
			believed := make(map[population.ID]populationtest.Line)
			heads := make(map[population.ID]population.ID)
			for l := range c.People() {
				believed[l.ID] = l
				if l.Relation == population.RelHead {
					if heads[l.Household] != 0 {
						t.Errorf("household %v has two heads", l.Household)
					}
					heads[l.Household] = l.ID
				}
			}
			active := 0
			for ref, live := range b.live {
				switch ref.Type {
				case population.TypePerson:
					p := population.FoldPerson(ref.ID, live)
					l, in := believed[ref.ID]
					if p.Active() != in {
						t.Fatalf("person %v: in the book %v, believed %v", ref.ID, p.Active(), in)
					}
					if !in {
						continue
					}
					active++
					if p.Household() != l.Household || p.Relation != l.Relation || p.Facts != l.Facts {
						t.Fatalf("person %v:\nfold     %v %v %+v\nbelieved %v %v %+v", ref.ID, p.Household(), p.Relation, p.Facts, l.Household, l.Relation, l.Facts)
					}
				case population.TypeHousehold:
					h := population.FoldHousehold(ref.ID, live)
					if h.Closed != (heads[ref.ID] == 0) || !h.Closed && h.Head != heads[ref.ID] {
						t.Fatalf("household %v: head %v closed %v, believed %v", ref.ID, h.Head, h.Closed, heads[ref.ID])
					}
				}
			}
			if active != c.Persons() || active < 3000 {
				t.Errorf("%d in the fold, %d believed", active, c.Persons())
			}
		})
	}
}

// P(end) = P(start) + births − deaths + in − out + scope corrections.
func TestMonthsBalance(t *testing.T) {
	c := populationtest.New(populationtest.Options{Seed: 31, Persons: 8000, Errors: populationtest.Published()})
	for i, p := 0, population.PeriodOf(c.Options().Start); i < 12; i, p = i+1, p.Next() {
		before, change := c.Persons(), 0
		for _, e := range c.Month(p) {
			if e.Entry.Counted() != p {
				t.Errorf("%v counts in %v, want %v", e.Entry.Kind(), e.Entry.Counted(), p)
			}
			change += delta(e.Entry)
		}
		if c.Persons() != before+change {
			t.Errorf("%v: %d persons, want %d", p, c.Persons(), before+change)
		}
	}
}

func delta(e population.Entry) int {
	switch e := e.(type) {
	case population.Birth, population.Arrival:
		return 1
	case population.Death:
		return -1
	case population.Departure:
		return -len(e.Persons)
	case population.ScopeCorrection:
		if e.Scope == population.ScopeMissed {
			return 1
		}
		return -1
	}
	return 0
}

// What is known by day d happened by day d; the days of one act are one day;
// about one entry in ten comes a month or more late.
func TestEventsComeInOrderAndSomeLate(t *testing.T) {
	_, _, events := replay(t, populationtest.Options{Seed: 41, Persons: 20_000}, 24)
	late, act := 0, -1
	for i, e := range events {
		if i > 0 && e.Day.Days() < events[i-1].Day.Days() {
			t.Fatalf("event %d is known before the one before it", i)
		}
		if w := e.Entry.When(); e.Day.Before(w) == population.Yes {
			t.Errorf("%v known on %v, happened on %v", e.Entry.Kind(), e.Day, w)
		}
		if e.Act == act && e.Day != events[i-1].Day {
			t.Error("one act on two days")
		}
		act = e.Act
		if e.Late {
			late++
		}
	}
	if part := float64(late) / float64(len(events)); part < 0.04 || part > 0.13 {
		t.Errorf("%.3f of the entries are late, want about 0.1", part)
	}
	_, _, none := replay(t, populationtest.Options{Seed: 41, Persons: 5000, Errors: populationtest.ErrorRates{Late: -1}}, 6)
	if slices.ContainsFunc(none, func(e populationtest.Event) bool { return e.Late }) {
		t.Error("late entries although none were asked for")
	}
}

// An act must fit a command: at most sixteen entries.
func TestActsAreSmall(t *testing.T) {
	_, _, events := replay(t, populationtest.Options{Seed: 51, Persons: 20_000, Errors: populationtest.Published()}, 12)
	n := 0
	for i, e := range events {
		if i > 0 && e.Act != events[i-1].Act || i > 0 && e.Entry.Counted() != events[i-1].Entry.Counted() {
			n = 0
		}
		if n++; n > 16 {
			t.Fatalf("act %d has more than 16 entries", e.Act)
		}
	}
}

// Counts of three years against the published rates.
func TestRatesAreThoseOfTheTables(t *testing.T) {
	for name, f := range flavours() {
		t.Run(name, func(t *testing.T) {
			const persons, years = 20_000, 3
			_, _, events := replay(t, populationtest.Options{Seed: 61, Persons: persons, Flavour: f}, 12*years)
			n := make(map[population.Kind]float64)
			boys, out := 0.0, 0.0
			for _, e := range events {
				n[e.Entry.Kind()]++
				switch e := e.Entry.(type) {
				case population.Birth:
					if e.Child.Sex == population.Male {
						boys++
					}
				case population.Departure:
					out += float64(len(e.Persons))
				}
			}
			rate := func(k population.Kind) float64 { return n[k] * 1000 / persons / years }
			arrive, leave := 11.0, 13.0
			births, deaths := 18.9, 6.6
			switch f {
			case populationtest.ThaiBinh:
				births, deaths, arrive, leave = 13.1, 8.8, 9, 11
			case populationtest.DongNai:
				births, deaths, arrive, leave = 14.7, 4.8, 32, 22
			}
			for _, c := range []struct {
				what      string
				got, want float64
			}{
				{"births", rate(population.KindBirth), births}, {"deaths", rate(population.KindDeath), deaths},
				{"arrivals", rate(population.KindArrival), arrive}, {"departures", out * 1000 / persons / years, leave},
				{"sex ratio at birth", 100 * boys / (n[population.KindBirth] - boys), 111},
			} {
				t.Logf("%s %.1f (table %.1f)", c.what, c.got, c.want)
				if c.got < c.want*0.72 || c.got > c.want*1.35 {
					t.Errorf("%s: %.1f, want about %.1f", c.what, c.got, c.want)
				}
			}
			for _, k := range []population.Kind{population.KindMarriage, population.KindDivorce, population.KindHouseholdSplit, population.KindHouseholdJoined,
				population.KindMoveInside, population.KindHeadChanged, population.KindHouseholdChanged, population.KindInformationChanged} {
				t.Logf("%v %.2f", k, rate(k))
				if n[k] == 0 {
					t.Errorf("no %v in three years", k)
				}
			}
		})
	}
}

// What is written to a file changes nothing of what comes later.
func TestWritingTheSpreadsheetChangesNothing(t *testing.T) {
	o := populationtest.Options{Seed: 72, Persons: 2000}
	plain, written := populationtest.New(o), populationtest.New(o)
	if _, _, err := written.WriteCSV(io.Discard, populationtest.CSVOptions{BrokenShare: 0.1}); err != nil {
		t.Fatal(err)
	}
	for i, p := 0, population.PeriodOf(plain.Options().Start); i < 6; i, p = i+1, p.Next() {
		a, b := plain.Month(p), written.Month(p)
		if !slices.EqualFunc(a, b, func(x, y populationtest.Event) bool {
			return slices.Equal(encode(t, x.Entry), encode(t, y.Entry))
		}) {
			t.Fatalf("%v differs", p)
		}
	}
}

func TestMonthsAreDrawnOnce(t *testing.T) {
	c := populationtest.New(populationtest.Options{Seed: 71, Persons: 3000})
	p := population.PeriodOf(c.Options().Start)
	if got := c.Month(p - 1); got != nil {
		t.Error("entries before the start")
	}
	if got := c.Month(p); len(got) == 0 {
		t.Error("no entries in the first month")
	}
	if got := c.Month(p); got != nil {
		t.Error("a month drawn twice")
	}
}
