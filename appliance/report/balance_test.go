package report_test

import (
	"fmt"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/register"
	"tramxa/appliance/report"
)

// entriesOf is the whole book of a commune through a number of months.
func entriesOf(c *populationtest.Commune, months int) (entries []population.Entry, from population.Period) {
	for _, e := range c.Areas {
		entries = append(entries, e)
	}
	for _, e := range c.Users {
		entries = append(entries, e)
	}
	for _, e := range c.Households {
		entries = append(entries, e)
	}
	from = population.PeriodOf(c.Options().Start)
	for p := from; p < from+population.Period(months); p++ {
		for _, e := range c.Month(p) {
			entries = append(entries, e.Entry)
		}
	}
	return entries, from
}

// scopes lists the commune, and every area, hamlet and collaborator of it.
func scopes(v *register.View) []report.Scope {
	list := []report.Scope{{}}
	seen := make(map[report.Scope]bool)
	for _, a := range v.Areas() {
		for _, s := range []report.Scope{{Area: a.ID}, {Hamlet: a.Hamlet}, {Collaborator: a.Collaborator}} {
			if !s.Whole() && !seen[s] {
				seen[s] = true
				list = append(list, s)
			}
		}
	}
	return list
}

// For any synthetic commune, period and scope the balance holds, by sex and by
// age too, start and end are what a straight count of the persons gives, and
// the rows are what a straight count of the entries gives.
func TestBalance(t *testing.T) {
	flavours := []populationtest.Flavour{populationtest.GiaLai, populationtest.ThaiBinh, populationtest.DongNai}
	for n, flavour := range flavours {
		c := populationtest.New(populationtest.Options{Seed: int64(n + 1), Persons: 700, Flavour: flavour, Mint: mint, Errors: populationtest.Published()})
		entries, first := entriesOf(c, 9)
		b := newBook(t, 7)
		b.write(entries...)
		b.view(func(v *register.View) {
			for _, s := range scopes(v) {
				for from := first; from < first+9; from += 3 {
					for _, to := range []population.Period{from, from + 2} {
						r := compute(t, v, report.Options{From: from, To: to, Scope: s})
						checkStock(t, v, r)
						if s.Whole() {
							checkRows(t, v, r, entries)
						}
					}
				}
			}
			checkParts(t, v, first)
			r := compute(t, v, report.Options{From: first, To: first + 8})
			t.Logf("%d persons at the end, %d of the generator; %v", value(r, "end"), c.Persons(), summary(r))
			if value(r, "end") != c.Persons() {
				t.Errorf("the generator counts %d persons, the report %d", c.Persons(), value(r, "end"))
			}
		})
	}
}

// The balance holds also where nothing written makes sense.
func TestBalanceHoldsOverNonsense(t *testing.T) {
	for seed := range uint64(12) {
		b := newBook(t, 7)
		b.write(muddle(seed, 120)...)
		b.view(func(v *register.View) {
			for _, s := range scopes(v) {
				for from := month("2024-12"); from <= month("2026-01"); from++ {
					for _, to := range []population.Period{from, from + 1, from + 5} {
						checkStock(t, v, compute(t, v, report.Options{From: from, To: to, Scope: s}))
					}
				}
			}
		})
	}
}

func compute(t *testing.T, v *register.View, o report.Options) *report.Report {
	t.Helper()
	r, err := report.Compute(v, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Fatalf("%s–%s %+v: %v", o.From, o.To, o.Scope, err)
	}
	return r
}

func line(r *report.Report, term string) report.Count {
	for _, l := range r.Balance {
		if l.Term == term {
			return l.Count
		}
	}
	panic("no term " + term)
}

func value(r *report.Report, term string) int { return line(r, term).Total }

func summary(r *report.Report) (s string) {
	for _, l := range r.Balance {
		s += fmt.Sprintf("%s %d ", l.Term, l.Total)
	}
	return s
}

// checkStock counts start and end once more: persons with a stay over the end
// of the month, by where their household was.
func checkStock(t *testing.T, v *register.View, r *report.Report) {
	t.Helper()
	houses := make(map[population.ID]*population.Household)
	if err := v.Households(func(h *population.Household) bool { houses[h.ID] = h; return true }); err != nil {
		t.Fatal(err)
	}
	areas := make(map[population.ID]*population.Area)
	for _, a := range v.Areas() {
		areas[a.ID] = a
	}
	in := func(p *population.Person, per population.Period) bool {
		for _, s := range p.Stays {
			if s.FromPer > per || s.Out != population.CauseNone && s.ToPer <= per {
				continue
			}
			if r.Scope.Whole() {
				return true
			}
			h := houses[s.Household]
			if h == nil {
				return false
			}
			area := h.Moves[0].Area
			for _, m := range h.Moves {
				if m.FromPer <= per {
					area = m.Area
				}
			}
			a := areas[area]
			return a != nil && (r.Scope.Area == 0 || a.ID == r.Scope.Area) &&
				(r.Scope.Hamlet == "" || a.Hamlet == r.Scope.Hamlet) && (r.Scope.Collaborator == 0 || a.Collaborator == r.Scope.Collaborator)
		}
		return false
	}
	var start, end report.Count
	count := func(c *report.Count, sex population.Sex) {
		c.Total++
		switch sex {
		case population.Male:
			c.Male++
		case population.Female:
			c.Female++
		default:
			c.Unknown++
		}
	}
	children := 0
	err := v.Persons(func(p *population.Person) bool {
		if in(p, r.From-1) {
			count(&start, p.Sex)
		}
		if in(p, r.To) {
			count(&end, p.Sex)
			if p.Born.Year != 0 && p.Born.First().Before(r.To.Last().AddDays(1)) == population.Yes {
				if _, age := p.Born.First().AgeOn(r.To.Last()); age < 5 {
					children++
				}
			}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if start != line(r, "start") || end != line(r, "end") {
		t.Fatalf("%s–%s %+v: counted %+v at the start and %+v at the end, the report has %+v and %+v",
			r.From, r.To, r.Scope, start, end, line(r, "start"), line(r, "end"))
	}
	if r.Ages[0].End.Total != children {
		t.Fatalf("%s–%s %+v: %d children under 5, the report has %d", r.From, r.To, r.Scope, children, r.Ages[0].End.Total)
	}
	var byHamlet report.Count
	for _, h := range r.Hamlets {
		byHamlet.Total, byHamlet.Male, byHamlet.Female, byHamlet.Unknown = byHamlet.Total+h.Total, byHamlet.Male+h.Male, byHamlet.Female+h.Female, byHamlet.Unknown+h.Unknown
	}
	if byHamlet != end {
		t.Fatalf("%s–%s %+v: hamlets have %+v, the end %+v", r.From, r.To, r.Scope, byHamlet, end)
	}
}

// checkRows counts the rows once more from the entries as written.
func checkRows(t *testing.T, v *register.View, r *report.Report, entries []population.Entry) {
	t.Helper()
	want := make(map[string]int)
	for _, e := range entries {
		if p := e.Counted(); p < r.From || p > r.To {
			continue
		}
		switch e := e.(type) {
		case population.HouseholdOpened:
			want["registered"] += len(e.Members)
		case population.PersonRegistered:
			want["registered"]++
		case population.Birth:
			want["1"]++
			want[map[population.Sex]string{population.Male: "1.1", population.Female: "1.2"}[e.Child.Sex]]++
			if e.Order == 2 {
				want["1.3"]++
			}
			if e.Order > 2 {
				want["1.4"]++
			}
			if m := v.Person(e.Child.Mother); m != nil {
				if _, age := m.Born.AgeOn(e.Child.Born); age < 20 {
					want["1.5"]++
				}
			}
		case population.Death:
			want["2"]++
		case population.Marriage:
			for _, id := range []population.ID{e.A, e.B} {
				p := v.Person(id)
				if p == nil {
					continue
				}
				want["3"]++
				if _, age := p.Born.AgeOn(e.Date); p.Sex == population.Male && age < 20 || p.Sex == population.Female && age < 18 {
					want["3.1"]++
				}
				if e.Kin {
					want["3.2"]++
				}
			}
			if e.Counselled {
				want["4"]++
			}
		case population.Divorce:
			for _, id := range []population.ID{e.A, e.B} {
				if id != 0 {
					want["5"]++
				}
			}
		case population.Arrival:
			want["6"]++
		case population.Departure:
			want["7"] += len(e.Persons)
		case population.ScopeCorrection:
			want[[...]string{"", "missed", "double", "out_of_scope"}[e.Scope]]++
		}
	}
	for _, row := range r.Rows {
		if row.Value != want[row.Code] {
			t.Fatalf("%s–%s row %s (%s): %d, the entries say %d", r.From, r.To, row.Code, row.En, row.Value, want[row.Code])
		}
	}
	for _, term := range []string{"registered", "missed", "double", "out_of_scope"} {
		if value(r, term) != want[term] {
			t.Fatalf("%s–%s %s: %d, the entries say %d", r.From, r.To, term, value(r, term), want[term])
		}
	}
	if value(r, "moved_in") != 0 || value(r, "moved_out") != 0 {
		t.Fatalf("%s–%s: moves inside the commune count for the commune", r.From, r.To)
	}
}

// checkParts proves that what the areas report is what the commune reports:
// nobody is counted in two areas or in none.
func checkParts(t *testing.T, v *register.View, first population.Period) {
	t.Helper()
	o := report.Options{From: first + 1, To: first + 8}
	whole := compute(t, v, o)
	sum := make([]int, len(whole.Rows))
	for _, a := range v.Areas() {
		o.Scope = report.Scope{Area: a.ID}
		for i, row := range compute(t, v, o).Rows {
			sum[i] += row.Value
		}
	}
	for i, row := range whole.Rows {
		if row.Value != sum[i] {
			t.Fatalf("row %s (%s): %d, the areas have %d", row.Code, row.En, row.Value, sum[i])
		}
	}
}

// Every number opens to as many persons as it says.
func TestEveryNumberOpens(t *testing.T) {
	c := populationtest.New(populationtest.Options{Seed: 8, Persons: 600, Mint: mint, Errors: populationtest.Published()})
	entries, first := entriesOf(c, 4)
	b := newBook(t, 7)
	b.write(entries...)
	b.view(func(v *register.View) {
		for _, s := range scopes(v)[:3] {
			o := report.Options{From: first + 1, To: first + 3, Scope: s}
			r := compute(t, v, o)
			open := func(code string, want int) {
				ids, err := report.People(v, o, code)
				if err != nil || len(ids) != want {
					t.Errorf("%s opens to %d persons, it says %d (%v)", code, len(ids), want, err)
				}
			}
			for _, row := range r.Rows {
				open(row.Code, row.Value)
			}
			for _, l := range r.Balance {
				open("balance."+l.Term, l.Total)
			}
		}
		if _, err := report.People(v, report.Options{From: first}, "99"); err == nil {
			t.Error("a number that is not in the form opens")
		}
	})
}

func BenchmarkCompute(b *testing.B) {
	c := populationtest.New(populationtest.Options{Seed: 1, Persons: 60_000, Mint: mint})
	entries, first := entriesOf(c, 2)
	bk := newBook(b, 7)
	bk.write(entries...)
	b.ResetTimer()
	for range b.N {
		bk.view(func(v *register.View) {
			if _, err := report.Compute(v, report.Options{From: first + 1}); err != nil {
				b.Fatal(err)
			}
		})
	}
}
