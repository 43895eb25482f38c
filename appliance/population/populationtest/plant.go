package populationtest

import (
	"slices"

	"tramxa/appliance/population"
)

// Fault says what was planted.
type Fault string

// The faults; see the fields of ErrorRates with these names.
const (
	FaultDuplicate          Fault = "duplicate"           // Person is Other written again
	FaultMissed             Fault = "missed"              // Truth lives in Household, without an id
	FaultOutOfScope         Fault = "out_of_scope"        // Person
	FaultDuplicateHousehold Fault = "duplicate_household" // Household is OtherHousehold written again
	FaultTransposed         Fault = "transposed"          // Person, born as in Truth
	FaultToneVariant        Fault = "tone_variant"        // Person, named as in Truth
	FaultToneStyle          Fault = "tone_style"          // Person, named as in Truth
	FaultSpouseSwapped      Fault = "spouse_swapped"      // Person and Other
)

// Planted is one error of the book and the truth behind it.
type Planted struct {
	Fault                     Fault
	Person, Other             population.ID
	Household, OtherHousehold population.ID
	Truth                     population.Facts // what the book should say, where Fault says so
}

// scopeFind is a planted error that a review of Month may find.
type scopeFind struct {
	scope        population.Scope
	person, same *person
	house        *house
}

// planting is an entry of Planted before the ids are known.
type planting struct {
	Planted
	person, other *person
	house, same   *house
}

// plant puts the errors into the book. The order of the steps is fixed, so that
// a rate of 0 changes nothing in the others' persons.
func (c *Commune) plant(d dice) {
	e := c.opt.Errors
	var list []planting
	all := c.everybody()
	some := func(rate float64, ok func(*person) bool, do func(*person)) {
		for n, try := int(rate*float64(len(all))+0.5), 0; n > 0 && try < 20*len(all); try++ {
			if p := all[d.IntN(len(all))]; p.house != nil && ok(p) {
				do(p)
				n--
			}
		}
	}
	touched := make(map[*person]bool)
	fresh := func(p *person) bool { return !touched[p] && !p.extra }
	mark := func(f Fault, p *person, truth population.Facts) {
		touched[p] = true
		list = append(list, planting{Planted: Planted{Fault: f, Truth: truth}, person: p})
	}
	some(e.ToneStyle, func(p *person) bool { return fresh(p) && styled(p.Name) }, func(p *person) {
		truth := p.Facts
		p.Name, _ = otherStyle(p.Name)
		mark(FaultToneStyle, p, truth)
	})
	some(e.ToneVariant, func(p *person) bool { _, ok := wrongTone(d, p.Name); return ok && fresh(p) }, func(p *person) {
		truth := p.Facts
		p.Name, _ = wrongTone(d, p.Name)
		mark(FaultToneVariant, p, truth)
	})
	some(e.Transposed, func(p *person) bool {
		return fresh(p) && p.Born.Day > 0 && p.Born.Day <= 12 && p.Born.Day != p.Born.Month && p.age(c.start) > 1
	}, func(p *person) {
		truth := p.Facts
		p.Born.Day, p.Born.Month = p.Born.Month, p.Born.Day
		mark(FaultTransposed, p, truth)
	})
	some(e.SpouseSwapped, func(p *person) bool {
		s := p.spouse
		return s != nil && fresh(p) && fresh(s) && p.Born.Exact() && s.Born.Exact() && p.Born.Year != s.Born.Year && p.Born.Day < 29 && s.Born.Day < 29
	}, func(p *person) {
		p.Born.Year, p.spouse.Born.Year = p.spouse.Born.Year, p.Born.Year
		touched[p], touched[p.spouse] = true, true
		list = append(list, planting{Planted: Planted{Fault: FaultSpouseSwapped}, person: p, other: p.spouse})
	})
	plain := func(p *person) bool {
		return fresh(p) && p.house.head != p && len(p.house.members) > 1 && p.house.kind == population.KindFamily
	}
	some(e.Missed, plain, func(p *person) {
		list = append(list, planting{Planted: Planted{Fault: FaultMissed, Truth: p.Facts}, house: p.house})
		c.pending = append(c.pending, scopeFind{scope: population.ScopeMissed, person: p, house: p.house})
		p.house.members = slices.DeleteFunc(p.house.members, func(m *person) bool { return m == p })
		p.house = nil
		if p.mother != nil {
			p.mother.kids-- // the book does not have the child
		}
		touched[p] = true
	})
	some(e.OutOfScope, func(p *person) bool {
		a := p.age(c.start)
		return plain(p) && a >= 18 && a < 40 && p.rel == population.RelChild
	}, func(p *person) {
		mark(FaultOutOfScope, p, p.Facts)
		c.pending = append(c.pending, scopeFind{scope: population.ScopeOut, person: p})
	})
	some(e.Duplicate, fresh, func(p *person) {
		q := c.copyOf(d, p)
		h := c.houses[d.IntN(len(c.houses))]
		q.house, q.rel = h, population.RelOther
		h.members = append(h.members, q)
		touched[p], touched[q] = true, true
		list = append(list, planting{Planted: Planted{Fault: FaultDuplicate}, person: q, other: p})
		c.pending = append(c.pending, scopeFind{scope: population.ScopeDouble, person: q, same: p})
	})
	list = append(list, c.plantHouses(d, touched)...)
	c.planted = list
	d.Shuffle(len(c.pending), func(i, j int) { c.pending[i], c.pending[j] = c.pending[j], c.pending[i] })
}

func styled(name string) bool { _, ok := otherStyle(name); return ok }

func (c *Commune) everybody() []*person {
	var all []*person
	for _, h := range c.houses {
		all = append(all, h.members...)
	}
	return all
}

// copyOf writes a person a second time: no number or one with a digit wrong, no
// card or another, the name sometimes with another tone.
func (c *Commune) copyOf(d dice, p *person) *person {
	q := &person{Facts: p.Facts, born: p.born, clan: p.clan, key: p.key, since: c.start, extra: true}
	q.Insurance = ""
	if d.chance(0.5) {
		q.Insurance = c.insuranceCore(d)
	}
	if q.Number != "" && d.chance(0.5) {
		b := []byte(q.Number)
		b[6+d.IntN(6)] = byte('0' + d.IntN(10))
		q.Number = string(b)
		n := uint64(0)
		for _, ch := range b {
			n = n*10 + uint64(ch-'0')
		}
		if !c.take(n) {
			q.Number = ""
		}
	} else {
		q.Number = ""
	}
	if d.chance(c.opt.Errors.ToneVariant * 4) {
		q.Name, _ = wrongTone(d, q.Name)
	}
	return q
}

// plantHouses writes whole households again under another number.
func (c *Commune) plantHouses(d dice, touched map[*person]bool) []planting {
	var list []planting
	n := int(c.opt.Errors.DuplicateHousehold*float64(len(c.houses)) + 0.5)
	for _, i := range d.Perm(len(c.houses)) {
		h := c.houses[i]
		if n == 0 {
			break
		}
		if len(h.members) == 0 || slices.ContainsFunc(h.members, func(p *person) bool { return touched[p] }) {
			continue
		}
		n--
		a := c.areas[d.IntN(len(c.areas))]
		a.nextSlot++
		dup := &house{area: a, number: population.HouseholdNumber{Number: a.nextSlot}, kind: h.kind, group: h.group, since: c.start, address: h.address}
		links := make(map[*person]*person)
		for _, p := range h.members {
			q := c.copyOf(d, p)
			q.rel, q.house = p.rel, dup
			links[p] = q
			dup.members = append(dup.members, q)
			if p == h.head {
				dup.head = q
			}
		}
		for p, q := range links {
			q.mother, q.father, q.spouse = links[p.mother], links[p.father], links[p.spouse]
		}
		a.houses = append(a.houses, dup)
		c.houses = append(c.houses, dup)
		list = append(list, planting{Planted: Planted{Fault: FaultDuplicateHousehold}, house: dup, same: h})
	}
	return list
}

// namePlanted fills in the ids of what was planted.
func (c *Commune) namePlanted() {
	id := func(p *person) population.ID {
		if p == nil {
			return 0
		}
		return p.id
	}
	for _, p := range c.planted {
		p.Person, p.Other = id(p.person), id(p.other)
		if p.house != nil {
			p.Household = p.house.id
		}
		if p.same != nil {
			p.OtherHousehold = p.same.id
		}
		c.Planted = append(c.Planted, p.Planted)
	}
	c.planted = nil
}
