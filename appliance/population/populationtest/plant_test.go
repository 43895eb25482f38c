package populationtest_test

import (
	"math"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
)

// What is planted is listed, in about the number asked for, and is what the
// list says it is.
func TestPlantedErrorsAreThere(t *testing.T) {
	const persons = 8000
	rates := populationtest.Published()
	c := populationtest.New(populationtest.Options{Seed: 101, Persons: persons, Errors: rates})
	lines := make(map[population.ID]population.Member)
	homes := make(map[population.ID]population.HouseholdOpened)
	for _, h := range c.Households {
		homes[h.ID] = h
		for _, m := range h.Members {
			lines[m.ID] = m
		}
	}
	n := make(map[populationtest.Fault]int)
	for _, p := range c.Planted {
		n[p.Fault]++
		m, o := lines[p.Person], lines[p.Other]
		ok := true
		switch p.Fault {
		case populationtest.FaultDuplicate:
			ok = p.Person != p.Other && m.ID != 0 && o.ID != 0 && population.Key2(m.Name) == population.Key2(o.Name) && m.Born == o.Born &&
				(m.Number == "" || m.Number != o.Number) && (m.Insurance == "" || m.Insurance != o.Insurance)
		case populationtest.FaultMissed:
			ok = p.Person == 0 && p.Truth.Name != "" && len(homes[p.Household].Members) > 0
		case populationtest.FaultOutOfScope:
			ok = m.ID != 0 && m.Relation == population.RelChild
		case populationtest.FaultDuplicateHousehold:
			ok = len(homes[p.Household].Members) == len(homes[p.OtherHousehold].Members) && p.Household != p.OtherHousehold
		case populationtest.FaultTransposed:
			ok = m.Born.Day == p.Truth.Born.Month && m.Born.Month == p.Truth.Born.Day && m.Born != p.Truth.Born && m.Born.Valid()
		case populationtest.FaultToneVariant:
			ok = population.Key1(m.Name) != population.Key1(p.Truth.Name) && population.Key2(m.Name) == population.Key2(p.Truth.Name)
		case populationtest.FaultToneStyle:
			ok = m.Name != p.Truth.Name && population.Key1(m.Name) == population.Key1(p.Truth.Name)
		case populationtest.FaultSpouseSwapped:
			ok = m.Spouse == p.Other && o.Spouse == p.Person
		}
		if !ok {
			t.Errorf("planted %s of %v is not what it says: %+v", p.Fault, p.Person, m.Facts)
		}
	}
	for _, w := range []struct {
		fault populationtest.Fault
		want  float64
	}{
		{populationtest.FaultDuplicate, rates.Duplicate * persons}, {populationtest.FaultMissed, rates.Missed * persons},
		{populationtest.FaultOutOfScope, rates.OutOfScope * persons}, {populationtest.FaultTransposed, rates.Transposed * persons},
		{populationtest.FaultToneVariant, rates.ToneVariant * persons}, {populationtest.FaultSpouseSwapped, rates.SpouseSwapped * persons},
		{populationtest.FaultDuplicateHousehold, rates.DuplicateHousehold * persons / 4},
	} {
		if got := float64(n[w.fault]); math.Abs(got-w.want) > 3+w.want*0.25 {
			t.Errorf("%s planted %.0f times, want about %.0f", w.fault, got, w.want)
		}
	}
	if n[populationtest.FaultToneStyle] == 0 {
		t.Error("no name in the other tone style")
	}
}

func TestNothingIsPlantedUnasked(t *testing.T) {
	c := populationtest.New(populationtest.Options{Seed: 102, Persons: 5000})
	if len(c.Planted) != 0 {
		t.Errorf("%d errors planted", len(c.Planted))
	}
	type key struct {
		name string
		born population.Date
		sex  population.Sex
	}
	seen := make(map[key]bool)
	for _, h := range c.Households {
		for _, m := range h.Members {
			k := key{population.Key2(m.Name), m.Born, m.Sex}
			if seen[k] {
				t.Errorf("two persons of one name, birth and sex in a clean book")
			}
			seen[k] = true
		}
	}
}

// The reviews of later months find what was planted, once each.
func TestReviewsFindThePlanted(t *testing.T) {
	c, _, events := replay(t, populationtest.Options{Seed: 103, Persons: 4000, Errors: populationtest.Published()}, 24)
	planted := make(map[population.ID]populationtest.Fault)
	missed := 0
	for _, p := range c.Planted {
		planted[p.Person] = p.Fault
		if p.Fault == populationtest.FaultMissed {
			missed++
		}
	}
	found := make(map[population.Scope]int)
	for _, e := range events {
		s, ok := e.Entry.(population.ScopeCorrection)
		if !ok {
			continue
		}
		found[s.Scope]++
		want := map[population.Scope]populationtest.Fault{population.ScopeDouble: populationtest.FaultDuplicate, population.ScopeOut: populationtest.FaultOutOfScope}[s.Scope]
		if s.Scope != population.ScopeMissed && planted[s.Person] != want {
			t.Errorf("a review takes off %v, planted as %q", s.Person, planted[s.Person])
		}
	}
	for _, s := range []population.Scope{population.ScopeMissed, population.ScopeDouble, population.ScopeOut} {
		if found[s] == 0 {
			t.Errorf("no finding of scope %d in two years", s)
		}
	}
	if found[population.ScopeMissed] > missed {
		t.Errorf("%d found missing, %d planted", found[population.ScopeMissed], missed)
	}
}
