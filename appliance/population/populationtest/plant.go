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

// planter puts errors into the book. Nobody gets two of them.
type planter struct {
	c       *Commune
	d       dice
	all     []*person // of the book before
	touched map[*person]bool
	list    []planting
}

// plant puts all errors in, in a fixed order.
func (c *Commune) plant(d dice) {
	p := &planter{c: c, d: d, touched: make(map[*person]bool)}
	for _, h := range c.houses {
		p.all = append(p.all, h.members...)
	}
	e := c.opt.Errors
	p.spellings(e)
	p.dates(e)
	p.scopes(e)
	p.duplicates(e.Duplicate)
	p.houses(e.DuplicateHousehold)
	c.planted = p.list
	d.Shuffle(len(c.pending), func(i, j int) { c.pending[i], c.pending[j] = c.pending[j], c.pending[i] })
}

// some does something to n persons drawn among those who will do.
func (p *planter) some(n float64, ok func(*person) bool, do func(*person)) {
	left := int(n + 0.5)
	if left <= 0 {
		return
	}
	for _, i := range p.d.Perm(len(p.all)) {
		if x := p.all[i]; !p.touched[x] && x.house != nil && ok(x) {
			p.touched[x] = true
			do(x)
			if left--; left == 0 {
				return
			}
		}
	}
}

// part is a rate as a number of persons.
func (p *planter) part(rate float64) float64 { return rate * float64(len(p.all)) }

func (p *planter) add(f Fault, x *person, truth population.Facts) {
	p.list = append(p.list, planting{Planted: Planted{Fault: f, Truth: truth}, person: x})
}

func (p *planter) spellings(e ErrorRates) {
	if e.ToneStyle > 0 {
		n := 0
		for _, x := range p.all {
			if styled(x.Name) {
				n++
			}
		}
		p.some(e.ToneStyle*float64(n), func(x *person) bool { return styled(x.Name) }, func(x *person) {
			truth := x.Facts
			x.Name, _ = otherStyle(x.Name)
			p.add(FaultToneStyle, x, truth)
		})
	}
	p.some(p.part(e.ToneVariant), func(x *person) bool { return toned(x.Name) }, func(x *person) {
		truth := x.Facts
		x.Name = wrongTone(p.d, x.Name)
		p.add(FaultToneVariant, x, truth)
	})
}

func (p *planter) dates(e ErrorRates) {
	p.some(p.part(e.Transposed), func(x *person) bool {
		return x.Born.Day > 0 && x.Born.Day <= 12 && x.Born.Day != x.Born.Month && x.age(p.c.start) > 1
	}, func(x *person) {
		truth := x.Facts
		x.Born.Day, x.Born.Month = x.Born.Month, x.Born.Day
		p.add(FaultTransposed, x, truth)
	})
	p.some(p.part(e.SpouseSwapped), func(x *person) bool {
		s := x.spouse
		return s != nil && !p.touched[s] && x.Born.Exact() && s.Born.Exact() && x.Born.Year != s.Born.Year && x.Born.Day < 29 && s.Born.Day < 29
	}, func(x *person) {
		s := x.spouse
		x.Born.Year, s.Born.Year = s.Born.Year, x.Born.Year
		p.touched[s] = true
		p.list = append(p.list, planting{Planted: Planted{Fault: FaultSpouseSwapped}, person: x, other: s})
	})
}

// scopes leaves people out, and calls others out of scope: grown children who
// live and work elsewhere.
func (p *planter) scopes(e ErrorRates) {
	c := p.c
	plain := func(x *person) bool {
		return x.house.head != x && len(x.house.members) > 1 && x.house.kind == population.KindFamily
	}
	p.some(p.part(e.Missed), plain, func(x *person) {
		p.list = append(p.list, planting{Planted: Planted{Fault: FaultMissed, Truth: x.Facts}, house: x.house})
		c.pending = append(c.pending, scopeFind{scope: population.ScopeMissed, person: x, house: x.house})
		x.house.members = slices.DeleteFunc(x.house.members, func(m *person) bool { return m == x })
		x.house = nil
		if x.mother != nil {
			x.mother.kids-- // the book does not have the child
		}
	})
	p.some(p.part(e.OutOfScope), func(x *person) bool {
		age := x.age(c.start)
		return plain(x) && age >= 18 && age < 40 && x.rel == population.RelChild
	}, func(x *person) {
		p.add(FaultOutOfScope, x, x.Facts)
		c.pending = append(c.pending, scopeFind{scope: population.ScopeOut, person: x})
	})
}

// duplicates writes persons a second time, in another household.
func (p *planter) duplicates(rate float64) {
	c := p.c
	p.some(p.part(rate), func(*person) bool { return len(c.houses) > 1 }, func(x *person) {
		q := c.copyOf(p.d, x)
		q.rel = population.RelOther
		for q.house == nil || q.house == x.house {
			q.house = c.houses[p.d.IntN(len(c.houses))]
		}
		q.house.members = append(q.house.members, q)
		p.touched[q] = true
		p.list = append(p.list, planting{Planted: Planted{Fault: FaultDuplicate}, person: q, other: x})
		c.pending = append(c.pending, scopeFind{scope: population.ScopeDouble, person: q, same: x})
	})
}

func styled(name string) bool { _, ok := otherStyle(name); return ok }

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
		q.Name = wrongTone(d, q.Name)
	}
	return q
}

// houses writes whole households again under another number.
func (p *planter) houses(rate float64) {
	c, left := p.c, int(rate*float64(len(p.c.houses))+0.5)
	for _, i := range p.d.Perm(len(c.houses)) {
		h := c.houses[i]
		if left <= 0 {
			break
		}
		if len(h.members) == 0 || slices.ContainsFunc(h.members, func(x *person) bool { return p.touched[x] }) {
			continue
		}
		left--
		p.list = append(p.list, planting{Planted: Planted{Fault: FaultDuplicateHousehold}, house: c.houseAgain(p.d, h), same: h})
	}
}

func (c *Commune) houseAgain(d dice, h *house) *house {
	a := c.areas[d.IntN(len(c.areas))]
	a.nextSlot++
	dup := &house{area: a, number: population.HouseholdNumber{Number: a.nextSlot}, kind: h.kind, group: h.group, since: c.start, address: h.address}
	links := make(map[*person]*person)
	for _, x := range h.members {
		q := c.copyOf(d, x)
		q.rel, q.house = x.rel, dup
		links[x] = q
		dup.members = append(dup.members, q)
		if x == h.head {
			dup.head = q
		}
	}
	for x, q := range links {
		q.mother, q.father, q.spouse = links[x.mother], links[x.father], links[x.spouse]
	}
	a.houses = append(a.houses, dup)
	c.houses = append(c.houses, dup)
	return dup
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
