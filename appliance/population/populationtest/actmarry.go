package populationtest

import (
	"slices"

	"tramxa/appliance/population"
)

// marriage draws a man or woman, and for half of them somebody of the book;
// else the other comes here, or the one leaves.
func (c *Commune) marriage(d dice) {
	early := 0
	if d.chance(c.opt.Errors.EarlyMarriage) {
		early = 3
	}
	free := func(p *person) bool {
		return p.Marital != population.Married && p.Marital != population.Separated && p.house.kind == population.KindFamily
	}
	a := c.find(d, func(p *person) bool {
		age, least := p.age(c.today-longestDelay), 18-early
		if p.Sex == population.Male {
			least += 2
		}
		if !free(p) || age < least || age > 45 || early > 0 && age >= least+early {
			return false
		}
		return age < 32 || d.chance(0.25)
	})
	if a == nil {
		return
	}
	if d.chance(0.5) {
		if b := c.match(d, a, free); b != nil {
			c.marryInside(d, a, b)
			return
		}
	}
	c.marryOutside(d, a)
}

// match looks for a partner: other sex, of age, not of the family.
func (c *Commune) match(d dice, a *person, free func(*person) bool) *person {
	return c.find(d, func(b *person) bool {
		if b.Sex == a.Sex || !free(b) || b.house == a.house || b.Ethnicity != a.Ethnicity && !d.chance(0.05) {
			return false
		}
		w, m := a, b
		if a.Sex == population.Male {
			w, m = b, a
		}
		gap := (w.born - m.born) / 365
		kin := a.mother != nil && a.mother == b.mother || a.father != nil && a.father == b.father || a.mother == b || b.mother == a || a.father == b || b.father == a
		return !kin && gap > -4 && gap < 13 && w.age(c.today-longestDelay) >= 18 && m.age(c.today-longestDelay) >= 20
	})
}

// marryInside lets the wife move to the husband, among Jrai and Ê Đê the
// husband to the wife, with minor children.
func (c *Commune) marryInside(d dice, a, b *person) {
	stay, mover := a, b
	if (a.Sex == population.Female) != matrilocal(b.Ethnicity) {
		stay, mover = b, a
	}
	party := c.withMinors(mover)
	head, ok := c.successor(mover.house, party...)
	if !ok || len(stay.house.members) > 10 {
		return
	}
	c.begin()
	people := append(slices.Clone(mover.house.members), stay)
	day := c.when(d, people, mover.house, stay.house)
	c.wedding(d, a, b, day)
	c.moveParty(party, head, stay.house, day)
}

func (c *Commune) wedding(d dice, a, b *person, day int) {
	for _, p := range []*person{a, b} {
		p.Marital = population.Married
	}
	a.spouse, b.spouse = b, a
	a.Spouse, b.Spouse = b.id, a.id
	c.put(population.Marriage{
		A: a.id, B: b.id, Kin: d.chance(0.004), Counselled: d.chance(0.6), Date: population.DateOfDays(day), Period: c.period(),
	})
}

// marryOutside marries somebody of another commune, who comes here, or whom
// the one of the book follows.
func (c *Commune) marryOutside(d dice, a *person) {
	comes := d.chance(0.5)
	party := c.withMinors(a)
	head, ok := c.successor(a.house, party...)
	if !comes && !ok {
		return
	}
	o := c.stranger(d, a.Ethnicity, population.Male+population.Female-a.Sex, min(max(a.age(c.today)+d.between(-2, 3), 20), 50))
	o.Marital = population.Married
	c.begin()
	people := []*person{a}
	if !comes {
		people = slices.Clone(a.house.members)
	}
	day := c.when(d, people, a.house)
	date := population.DateOfDays(day)
	a.Marital, a.Spouse = population.Married, 0
	c.put(population.Marriage{A: a.id, OtherName: o.Name, Counselled: d.chance(0.6), Date: date, Period: c.period()})
	if !comes {
		a.spouse = nil
		c.depart(d, a.house, party, head, 2, day)
		return
	}
	o.spouse, a.spouse, o.since = a, o, day
	c.admit(d, o, a.house, 2, day)
	a.Spouse = o.id
	c.changeFacts(a, population.FieldSpouse, population.Facts{Spouse: o.id}, day)
}

// divorce lets one of a couple open a household of one's own.
func (c *Commune) divorce(d dice) {
	p := c.find(d, func(p *person) bool {
		s := p.spouse
		return s != nil && married(p, s) && s.house == p.house && s.house.head != p && p.age(c.today) < 55 &&
			p.house.kind == population.KindFamily && (p.house.head == s || p.rel == population.RelInLaw)
	})
	if p == nil {
		return
	}
	s, h := p.spouse, p.house
	c.begin()
	day := c.when(d, []*person{p, s}, h)
	c.splitOff(h, []*person{p}, day)
	for _, x := range []*person{p, s} {
		x.Marital, x.spouse, x.Spouse = population.Divorced, nil, 0
	}
	c.put(population.Divorce{A: p.id, B: s.id, Date: population.DateOfDays(day), Period: c.period()})
}

// withMinors returns a person and the minor children who live with them.
func (c *Commune) withMinors(p *person) []*person {
	out := []*person{p}
	for _, m := range p.house.members {
		if (m.mother == p || m.father == p) && m.age(c.today) < 18 {
			out = append(out, m)
		}
	}
	return out
}
