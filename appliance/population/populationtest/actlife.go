package populationtest

import (
	"slices"

	"tramxa/appliance/population"
)

// birth draws a mother by age and marriage; now and then twins.
func (c *Commune) birth(d dice) {
	m := c.find(d, func(p *person) bool {
		if p.Sex != population.Female || c.today-p.lastBirth < 430 {
			return false
		}
		age := p.age(c.today)
		if age < 18 || age > 47 || p.Marital != population.Married && !d.chance(0.03) {
			return false
		}
		weight := float64(fertility()[(age-15)/5]) / 3200
		return d.chance(weight / (1 + 0.6*float64(max(p.kids-2, 0))))
	})
	if m == nil {
		return
	}
	c.begin()
	day := max(c.when(d, []*person{m}), min(m.lastBirth+300, c.today))
	m.since = day
	c.bear(d, m, day)
	if d.chance(0.012) {
		c.bear(d, m, day)
	}
}

func (c *Commune) bear(d dice, m *person, day int) {
	boy := d.IntN(1000+ratesOf(c.opt.Flavour).srb) >= 1000
	p := &person{born: day, since: day, mother: m}
	p.Sex = population.Female
	if boy {
		p.Sex = population.Male
	}
	if f := m.spouse; f != nil && f.house != nil && f.Sex == population.Male && f.age(day) >= 16 {
		p.father = f
	}
	p.Ethnicity = m.Ethnicity
	if p.father != nil && !matrilocal(m.Ethnicity) {
		p.Ethnicity = p.father.Ethnicity
	}
	c.inherit(d, p)
	p.Born = population.DateOfDays(day)
	p.Marital, p.Education, p.Residence = population.NeverMarried, 1, population.ResPresent
	if !d.chance(0.1) || !c.newborn(p) {
		c.nameAmong(d, p, m.house.members)
	}
	p.id = c.mint()
	m.kids++
	m.lastBirth = max(m.lastBirth, day)
	c.join1(p, m.house)
	c.fillLinks(p)
	places := [...]population.Code{4, 4, 4, 4, 4, 4, 4, 1, 1, 3}
	place := places[d.IntN(len(places))]
	if highland(p.Ethnicity) && d.chance(0.2) {
		place = 2
	}
	c.put(population.Birth{
		Household: m.house.id, Child: member(p), Order: uint8(min(m.kids, 20)), Place: place,
		Weight: uint16(min(max(d.normal(3100, 430), 1600), 5000) / 50 * 50), Period: c.period(),
	})
}

// join1 puts a person with an id into a household and into the book.
func (c *Commune) join1(p *person, h *house) {
	p.house = h
	h.members = append(h.members, p)
	if h.head == nil {
		h.head = p
	}
	p.rel = relation(h.head, p)
	c.enter(p)
}

// death draws by age and sex. Who would leave only children behind is spared.
func (c *Commune) death(d dice) {
	p := c.find(d, func(p *person) bool {
		if !d.chance(yearly(p.Sex, max(p.age(c.today), 0)) / 0.3) {
			return false
		}
		_, ok := c.successor(p.house, p)
		return ok
	})
	if p == nil {
		return
	}
	h := p.house
	head, _ := c.successor(h, p)
	people := slices.Clone(h.members)
	widow := p.spouse
	if widow != nil && (!married(p, widow) || widow.house == nil) {
		widow = nil
	}
	if widow != nil && widow.house != h {
		people = append(people, widow)
	}
	if head == nil && len(h.members) > 1 { // the others have no entry of this
		people = []*person{p}
		if widow != nil {
			people = append(people, widow)
		}
	}
	c.begin()
	day := c.when(d, people, h)
	if head != nil {
		c.changeHead(h, head, day)
	}
	place := population.Code(1)
	if d.chance(0.25) {
		place = population.Code(2 + d.IntN(2))
	}
	c.leave(p)
	c.put(population.Death{Person: p.id, Date: population.DateOfDays(day), Place: place, Period: c.period()})
	if widow != nil {
		widow.Marital, widow.spouse = population.Widowed, nil
		c.changeFacts(widow, population.FieldMarital, population.Facts{Marital: population.Widowed}, day)
	}
	c.closeIfEmpty(h, day)
}

// change draws one of the usual changes of basic information.
func (c *Commune) change(d dice) {
	p := c.find(d, func(p *person) bool { return p.Number == "" && p.Born.Year >= 1900 || d.chance(0.15) })
	if p == nil {
		return
	}
	age := p.age(c.today)
	var f population.Field
	var to population.Facts
	switch n := d.IntN(10); {
	case p.Number == "" && n < 8:
		p.Number = c.newNumber(d, p)
		f, to.Number = population.FieldNumber, p.Number
	case n < 4 && p.Number != "" && p.Insurance != p.Number:
		p.Insurance = p.Number
		f, to.Insurance = population.FieldInsurance, p.Insurance
	case n < 6 && age >= 18:
		p.Residence = population.ResPresent + population.ResAway - p.Residence
		f, to.Residence = population.FieldResidence, p.Residence
	case age >= 23 && p.Education >= 2 && p.Education < 7:
		p.Education++
		f, to.Education = population.FieldEducation, p.Education
	case age >= 8 && p.Education == 1:
		p.Education = 2
		f, to.Education = population.FieldEducation, p.Education
	default:
		return
	}
	c.begin()
	c.changeFacts(p, f, to, c.when(d, []*person{p}))
}

// christen gives a newborn written "Trai" or "Gái" its name.
func (c *Commune) christen(d dice) {
	if len(c.unnamed) == 0 {
		return
	}
	i := d.IntN(len(c.unnamed))
	p := c.unnamed[i]
	if p.house == nil || c.today-p.born < 15 {
		return
	}
	c.unnamed = slices.Delete(c.unnamed, i, i+1)
	c.nameAmong(d, p, p.house.members)
	c.begin()
	c.changeFacts(p, population.FieldName, population.Facts{Name: p.Name}, c.when(d, []*person{p}))
}

// review finds one of the planted errors of scope.
func (c *Commune) review(d dice) {
	if len(c.pending) == 0 {
		return
	}
	f := c.pending[0]
	c.pending = c.pending[1:]
	p := f.person
	if f.scope == population.ScopeMissed {
		if f.house.closed {
			return
		}
		c.begin()
		p.id = c.mint()
		day := c.when(d, []*person{p}, f.house)
		c.join1(p, f.house)
		c.fillLinks(p)
		if p.mother != nil {
			p.mother.kids++
		}
		c.put(population.ScopeCorrection{Scope: f.scope, Household: f.house.id, Member: member(p), Date: population.DateOfDays(day), Period: c.period()})
		return
	}
	h := p.house
	if h == nil || f.same != nil && f.same.house == nil {
		return
	}
	head, ok := c.successor(h, p)
	if !ok {
		return
	}
	c.begin()
	day := c.when(d, slices.Clone(h.members), h)
	if head != nil {
		c.changeHead(h, head, day)
	}
	c.leave(p)
	e := population.ScopeCorrection{Scope: f.scope, Person: p.id, Date: population.DateOfDays(day), Period: c.period()}
	if f.same != nil {
		e.Canonical = f.same.id
	}
	c.put(e)
	c.closeIfEmpty(h, day)
}
