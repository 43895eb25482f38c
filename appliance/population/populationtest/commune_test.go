package populationtest_test

import (
	"math"
	"slices"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
)

func flavours() map[string]populationtest.Flavour {
	return map[string]populationtest.Flavour{"Gia Lai": populationtest.GiaLai, "Thái Bình": populationtest.ThaiBinh, "Đồng Nai": populationtest.DongNai}
}

// Serials are one series over areas, households and persons in the order of
// emission, so that a register minting the next serial gets the same ids.
func TestIDsAreMintedInTheOrderOfEmission(t *testing.T) {
	c := populationtest.New(populationtest.Options{Seed: 3, Persons: 3000, Mint: 7, Errors: populationtest.Published()})
	next := uint32(0)
	want := func(id population.ID) {
		t.Helper()
		next++
		if id != population.NewID(7, next) {
			t.Fatalf("id %v, want serial %d", id, next)
		}
	}
	for _, a := range c.Areas {
		want(a.ID)
	}
	for _, h := range c.Households {
		want(h.ID)
		for _, m := range h.Members {
			want(m.ID)
		}
	}
	for p, n := population.PeriodOf(c.Options().Start), 0; n < 24; p, n = p.Next(), n+1 {
		for _, e := range c.Month(p) {
			for _, id := range created(e.Entry) {
				want(id)
			}
		}
	}
}

func created(e population.Entry) []population.ID {
	switch e := e.(type) {
	case population.HouseholdOpened:
		return []population.ID{e.ID}
	case population.Birth:
		return []population.ID{e.Child.ID}
	case population.Arrival:
		return []population.ID{e.Member.ID}
	case population.HouseholdSplit:
		return []population.ID{e.New}
	case population.ScopeCorrection:
		if e.Scope == population.ScopeMissed {
			return []population.ID{e.Member.ID}
		}
	}
	return nil
}

// Every household of the first registration is one an officer could have
// written: one head, first, grown up; the A0 order; links inside; people of
// sensible ages to each other; clean names; numbers that fit.
func TestTheBookIsPlausible(t *testing.T) {
	for name, f := range flavours() {
		t.Run(name, func(t *testing.T) {
			c := populationtest.New(populationtest.Options{Seed: 11, Persons: 12_000, Flavour: f})
			start := c.Options().Start
			numbers := make(map[string]bool)
			without, count := 0, 0
			for _, h := range c.Households {
				in := make(map[population.ID]population.Member)
				for i, m := range h.Members {
					in[m.ID] = m
					if (m.Relation == population.RelHead) != (i == 0) || i > 0 && m.Relation < h.Members[i-1].Relation {
						t.Fatalf("household %v: not in the order of the book", h.ID)
					}
				}
				if len(h.Members) == 0 {
					t.Fatalf("household %v is empty", h.ID)
				}
				if _, most := h.Members[0].Born.AgeOn(start); most < 18 {
					t.Errorf("household %v: the head is %d", h.ID, most)
				}
				for _, m := range h.Members {
					count++
					checkMember(t, h, m, in, start)
					if m.Number == "" {
						without++
						continue
					}
					if numbers[m.Number] {
						t.Errorf("number given twice")
					}
					numbers[m.Number] = true
				}
			}
			if count != 12_000 || c.Persons() != count {
				t.Errorf("%d persons, %d counted, want 12000", count, c.Persons())
			}
			if part := float64(without) / float64(count); part < 0.07 || part > 0.22 {
				t.Errorf("%.3f without a number, want about 0.15", part)
			}
		})
	}
}

func checkMember(t *testing.T, h population.HouseholdOpened, m population.Member, in map[population.ID]population.Member, start population.Date) {
	t.Helper()
	if clean, err := population.CleanName(m.Name); err != nil || clean != m.Name {
		t.Errorf("name %q is not clean", m.Name)
	}
	if start.Before(m.Born) == population.Yes {
		t.Errorf("born on %v, after the start", m.Born)
	}
	if f, ok := population.NumberFacts(m.Number); m.Number != "" && (!ok || f.Sex != m.Sex || f.Year != int(m.Born.Year)) {
		t.Errorf("number does not fit sex and year")
	}
	if _, ok := population.NormInsurance(m.Insurance); m.Insurance != "" && !ok {
		t.Errorf("insurance %q has no known form", m.Insurance)
	}
	for _, link := range []struct {
		id  population.ID
		sex population.Sex
	}{{m.Mother, population.Female}, {m.Father, population.Male}} {
		if link.id == 0 {
			continue
		}
		p, ok := in[link.id]
		if !ok || p.Sex != link.sex {
			t.Fatalf("household %v: parent is not in it or of the wrong sex", h.ID)
		}
		if most, least := p.Born.First(), m.Born.Last(); least.Days()-most.Days() < 15*365 {
			t.Errorf("household %v: parent born %v of a child born %v", h.ID, p.Born, m.Born)
		}
	}
	if m.Spouse != 0 {
		s, ok := in[m.Spouse]
		if !ok || s.Spouse != m.ID || s.Sex == m.Sex || m.Marital != population.Married {
			t.Errorf("household %v: spouse does not answer", h.ID)
		}
	}
}

// A child of a Jrai household carries the mother's clan, often another than
// the head's; sons-in-law live with the wife's parents.
func TestJraiHouseholdsAreMatrilocal(t *testing.T) {
	c := populationtest.New(populationtest.Options{Seed: 5, Persons: 20_000})
	clan := func(name string) string { return population.Key2(name)[:3] }
	sons, daughters, same, other := 0, 0, 0, 0
	for _, h := range c.Households {
		in := make(map[population.ID]population.Member)
		for _, m := range h.Members {
			in[m.ID] = m
		}
		for _, m := range h.Members {
			if m.Ethnicity != 10 {
				continue
			}
			if m.Relation == population.RelInLaw {
				if m.Sex == population.Male {
					sons++
				} else {
					daughters++
				}
			}
			mother, ok := in[m.Mother]
			if ok && m.Name != "Trai" && m.Name != "Gái" && mother.Ethnicity == 10 {
				if clan(m.Name) == clan(mother.Name) {
					same++
				} else {
					other++
				}
			}
		}
	}
	if sons < 50 || daughters > sons/4 {
		t.Errorf("%d sons-in-law and %d daughters-in-law live with Jrai heads", sons, daughters)
	}
	if same < 500 || other > 0 {
		t.Errorf("%d children with the mother's clan, %d with another", same, other)
	}
}

func TestTheShapeIsThatOfTheTables(t *testing.T) {
	for name, f := range flavours() {
		t.Run(name, func(t *testing.T) {
			c := populationtest.New(populationtest.Options{Seed: 1, Persons: 30_000, Flavour: f})
			sizes := make([]float64, 8)
			people := 0
			for _, h := range c.Households {
				sizes[min(len(h.Members), 7)]++
				people += len(h.Members)
			}
			mean := float64(people) / float64(len(c.Households))
			want, wantMean := [8]float64{0, 10, 17.5, 21, 27, 14, 6.5, 4}, 3.55
			switch f { // the working table of the household sizes, shifted to the mean
			case populationtest.GiaLai:
				want, wantMean = [8]float64{0, 8, 13, 19, 26, 17, 9, 8}, 4.0
			case populationtest.ThaiBinh:
				want, wantMean = [8]float64{0, 10, 22, 24, 27, 11, 4, 2}, 3.25
			}
			if math.Abs(mean-wantMean) > 0.25 {
				t.Errorf("mean size of households %.2f, want about %.2f", mean, wantMean)
			}
			for n := 1; n <= 7; n++ {
				if got := 100 * sizes[n] / float64(len(c.Households)); math.Abs(got-want[n]) > 7 {
					t.Errorf("%.1f %% of households have %d persons, want about %.1f", got, n, want[n])
				} else {
					t.Logf("%d persons: %.1f %% (table %.1f)", n, got, want[n])
				}
			}
			per := float64(len(c.Households)) / float64(len(c.Areas))
			if per < 95 || per > 175 {
				t.Errorf("%.0f households an area, want about 134", per)
			}
			checkMarried(t, c)
		})
	}
}

// checkMarried compares with the survey of 2020: of those 15 and older 23 %
// never married, 68 % married.
func checkMarried(t *testing.T, c *populationtest.Commune) {
	t.Helper()
	var n [6]float64
	all := 0.0
	for l := range c.People() {
		if least, _ := l.Facts.Born.AgeOn(c.Options().Start); least >= 15 {
			n[l.Facts.Marital]++
			all++
		}
	}
	never, married, widowed := 100*n[population.NeverMarried]/all, 100*n[population.Married]/all, 100*n[population.Widowed]/all
	t.Logf("never married %.1f %%, married %.1f, divorced %.1f, widowed %.1f", never, married, 100*n[population.Divorced]/all, widowed)
	if never < 14 || never > 36 || married < 54 || married > 76 || widowed < 2 || widowed > 12 {
		t.Errorf("marital status far from the survey")
	}
}

func TestAFlavourlessHamletStillHasFamilies(t *testing.T) {
	for _, n := range []int{1, 50, 120, 400} {
		for f := range flavours() {
			c := populationtest.New(populationtest.Options{Seed: int64(n), Persons: n, Flavour: flavours()[f]})
			if c.Persons() != max(n, 50) || len(c.Areas) == 0 {
				t.Errorf("%d persons asked, %d made in %d areas", n, c.Persons(), len(c.Areas))
			}
			c.Month(population.PeriodOf(c.Options().Start))
		}
	}
}

func TestSameSeedSameCommune(t *testing.T) {
	make2 := func(seed int64) [][]byte {
		c := populationtest.New(populationtest.Options{Seed: seed, Persons: 2000, Errors: populationtest.Published()})
		var out [][]byte
		for _, h := range c.Households {
			out = append(out, encode(t, h))
		}
		for i, p := 0, population.PeriodOf(c.Options().Start); i < 6; i, p = i+1, p.Next() {
			for _, e := range c.Month(p) {
				out = append(out, encode(t, e.Entry))
			}
		}
		return out
	}
	a, b, other := make2(1), make2(1), make2(2)
	if !slices.EqualFunc(a, b, slices.Equal) {
		t.Error("one seed gave two communes")
	}
	if slices.EqualFunc(a, other, slices.Equal) {
		t.Error("two seeds gave one commune")
	}
}

func encode(t *testing.T, e population.Entry) []byte {
	t.Helper()
	_, _, body, err := population.EncodeBody(1, e)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
