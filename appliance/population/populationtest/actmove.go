package populationtest

import (
	"fmt"
	"slices"

	"tramxa/appliance/population"
)

// moveParty moves persons of one household to another: nhập hộ when nobody is
// left behind.
func (c *Commune) moveParty(party []*person, head *person, into *house, day int) {
	from := party[0].house
	if head != nil {
		c.changeHead(from, head, day)
	}
	var placed []population.Placed
	from.members = slices.DeleteFunc(from.members, func(m *person) bool { return slices.Contains(party, m) })
	for _, p := range party {
		p.house = into
		p.rel = relation(into.head, p)
		into.members = append(into.members, p)
		placed = append(placed, population.Placed{Person: p.id, Relation: p.rel})
	}
	date := population.DateOfDays(day)
	if len(from.members) == 0 {
		from.closed, from.head = true, nil
		c.put(population.HouseholdJoined{From: from.id, Into: into.id, Persons: placed, Date: date, Period: c.period()})
		return
	}
	c.put(population.MoveInside{From: from.id, Into: into.id, Persons: placed, Date: date, Period: c.period()})
}

// move lets an unmarried adult, with minor children, live elsewhere in the
// commune.
func (c *Commune) move(d dice) {
	p := c.find(d, func(p *person) bool {
		return p.house.head != p && p.age(c.today) >= 18 && p.Marital != population.Married && p.house.kind == population.KindFamily
	})
	if p == nil {
		return
	}
	party := c.withMinors(p)
	head, ok := c.successor(p.house, party...)
	into := c.findHouse(d, func(h *house) bool { return h != p.house && len(h.members)+len(party) < 9 })
	if !ok || into == nil {
		return
	}
	c.begin()
	c.moveParty(party, head, into, c.when(d, party, p.house, into))
}

// join lets somebody who lives alone move to others.
func (c *Commune) join(d dice) {
	p := c.find(d, func(p *person) bool { return len(p.house.members) == 1 && (p.age(c.today) > 60 || d.chance(0.1)) })
	if p == nil {
		return
	}
	into := c.findHouse(d, func(h *house) bool { return h != p.house && len(h.members) < 7 })
	if into == nil {
		return
	}
	c.begin()
	c.moveParty([]*person{p}, nil, into, c.when(d, []*person{p}, p.house, into))
}

// split lets a couple that lives with parents open a household (tách hộ).
func (c *Commune) split(d dice) {
	p := c.find(d, func(p *person) bool {
		s := p.spouse
		return p.Sex == population.Male && s != nil && married(p, s) && s.house == p.house && p.house.head != p && p.house.head != s &&
			p.age(c.today) < 50
	})
	if p == nil {
		return
	}
	party := c.withMinors(p)
	party = append(party, p.spouse)
	for _, m := range c.withMinors(p.spouse)[1:] {
		if !slices.Contains(party, m) {
			party = append(party, m)
		}
	}
	if _, ok := c.successor(p.house, party...); !ok {
		return
	}
	c.begin()
	c.splitOff(p.house, party, c.when(d, party, p.house))
}

// splitOff opens a household in the same area; the first person is its head.
func (c *Commune) splitOff(from *house, party []*person, day int) {
	h := c.openHouse(from.area, from.address, from.group, day)
	from.members = slices.DeleteFunc(from.members, func(m *person) bool { return slices.Contains(party, m) })
	h.members = slices.Clone(party)
	h.settle(party[0])
	e := population.HouseholdSplit{
		From: from.id, New: h.id, Type: h.kind, Area: h.area.id, Number: h.number, Address: h.address,
		Date: population.DateOfDays(day), Period: c.period(),
	}
	for _, m := range h.members {
		e.Persons = append(e.Persons, population.Placed{Person: m.id, Relation: m.rel})
	}
	c.put(e)
}

// openHouse makes an empty family household with the next number of the area.
func (c *Commune) openHouse(a *area, address string, g population.Code, day int) *house {
	a.nextSlot++
	h := &house{
		id: c.mint(), area: a, number: population.HouseholdNumber{Number: a.nextSlot}, kind: population.KindFamily,
		address: address, group: g, since: day,
	}
	c.houses = append(c.houses, h)
	return h
}

// changeHouse gives a household another address, or a number in another area;
// sometimes an old head hands over.
func (c *Commune) changeHouse(d dice) {
	h := c.findHouse(d, func(h *house) bool { return true })
	if h == nil {
		return
	}
	if head := h.head; head.age(c.today) > 72 && d.chance(0.5) {
		for _, m := range h.members {
			if a := m.age(c.today); m.rel == population.RelChild && a > 25 && a < 60 {
				c.begin()
				c.changeHead(h, m, c.when(d, slices.Clone(h.members), h))
				return
			}
		}
	}
	c.begin()
	e := population.HouseholdChanged{Household: h.id, Date: population.DateOfDays(c.when(d, nil, h)), Period: c.period()}
	if other := c.areas[d.IntN(len(c.areas))]; other != h.area && d.chance(0.25) {
		other.nextSlot++
		h.area, h.number = other, population.HouseholdNumber{Number: other.nextSlot}
		e.Area, e.Number = other.id, h.number
	}
	h.address = fmt.Sprintf("Số %d, %s", d.between(1, 240), h.area.hamlet)
	e.Address = h.address
	c.put(e)
}
