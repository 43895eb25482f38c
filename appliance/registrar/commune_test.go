package registrar_test

import (
	"testing"
	"time"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
)

// TestAnInventedHalfYearRaisesNoFinding plays a commune without planted errors:
// whatever a rule says about it is a fault of the rule or of the commune. Its
// own account of who lives where must be what the book says.
func TestAnInventedHalfYearRaisesNoFinding(t *testing.T) {
	for _, f := range []populationtest.Flavour{populationtest.GiaLai, populationtest.DongNai} {
		s := newStation(t)
		s.now = time.Date(2027, 1, 5, 0, 0, 0, 0, time.UTC)
		c := populationtest.New(populationtest.Options{Seed: int64(f) + 1, Persons: 1200, Flavour: f, Mint: mint, Start: day(2026, 3, 1)})
		for i, e := range c.Setup() {
			actor := uint32(1)
			if i == 0 {
				actor = 0
			}
			s.silent(actor, e)
		}
		for _, h := range c.Households {
			s.silent(2, h)
		}
		events := 0
		for p := population.MonthPeriod(2026, 3); p <= population.MonthPeriod(2026, 8); p++ {
			list := c.Month(p)
			for len(list) > 0 {
				n := 1
				for n < len(list) && list[n].Act == list[0].Act {
					n++
				}
				var act []population.Entry
				for _, e := range list[:n] {
					act = append(act, e.Entry)
				}
				s.silent(2, act...)
				events += n
				list = list[n:]
			}
			s.silent(2, population.PeriodClosed{Period: p})
		}
		lines := 0
		s.view(func(v *register.View) {
			for l := range c.People() {
				lines++
				p := v.Person(l.ID)
				if p == nil || p.Household() != l.Household || p.Relation != l.Relation || p.Facts != l.Facts {
					t.Errorf("the book and the commune differ about person %v", l.ID)
				}
			}
		})
		t.Logf("flavour %d: %d households, %d entries of six months, %d persons compared", f, len(c.Households), events, lines)
	}
}

// silent records entries that must raise no finding.
func (s *station) silent(actor uint32, es ...population.Entry) {
	s.t.Helper()
	a := s.record(actor, registrar.Command{Entries: es})
	if len(a.Findings) > 0 || a.Status != registrar.StatusRecorded {
		b, _ := population.MarshalEntry(es[0])
		s.t.Errorf("%s %+v for %s", a.Status, a.Findings, b)
	}
}
