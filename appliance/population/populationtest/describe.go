package populationtest

import (
	"slices"

	"tramxa/appliance/population"
)

// describe gives every person name, number, card, schooling and the rest, the
// older before the younger so that names can be handed down.
func (c *Commune) describe(d dice) {
	for _, h := range c.houses {
		byAge := slices.Clone(h.members)
		slices.SortStableFunc(byAge, func(a, b *person) int { return a.born - b.born })
		for _, p := range byAge {
			c.inherit(d, p)
			p.Born = c.writtenBirth(d, p)
			c.giveName(d, p, h)
			p.Number = c.number(d, p)
			p.Insurance = c.insurance(d, p)
			p.Education = education(d, p, p.age(c.start), c.opt.Flavour)
			p.Residence = population.ResPresent
			if a := p.age(c.start); a >= 18 && a < 32 && d.chance(0.06) {
				p.Residence = population.ResAway
			}
		}
	}
}

// inherit sets the clan: the mother's among Jrai and Ê Đê, else the father's.
func (c *Commune) inherit(d dice, p *person) {
	from := p.father
	if matrilocal(p.Ethnicity) || from == nil {
		from = p.mother
	}
	if from != nil && from.Ethnicity == p.Ethnicity {
		p.clan = from.clan
		return
	}
	p.clan = c.names.clan(d, p.Ethnicity)
}

// writtenBirth is the date of birth as the book has it: the year alone for 8 %
// of those over 60, the month for 1 % of those over 50.
func (c *Commune) writtenBirth(d dice, p *person) population.Date {
	b := population.DateOfDays(p.born)
	switch age := p.age(c.start); {
	case age > 60 && d.chance(0.08):
		b.Month, b.Day = 0, 0
	case age > 50 && d.chance(0.01):
		b.Day = 0
	}
	return b
}

// giveName draws a name no brother or sister has and no namesake of the same
// day of birth. Of the children under two months one in ten has none yet.
func (c *Commune) giveName(d dice, p *person, h *house) {
	if c.start-p.born < 60 && d.chance(0.1) && c.newborn(p) {
		return
	}
	c.nameAmong(d, p, h.members)
}

// newborn calls a child "Trai" or "Gái", unless one of that day has it already.
func (c *Commune) newborn(p *person) bool {
	p.Name = [2]string{"Trai", "Gái"}[sexIndex(p.Sex)]
	if p.key = population.Key2(p.Name); !c.fresh(p) {
		return false
	}
	c.unnamed = append(c.unnamed, p)
	return true
}

func (c *Commune) nameAmong(d dice, p *person, others []*person) {
	year := population.DateOfDays(p.born).Year
	for try := 0; ; try++ {
		p.Name = c.names.name(d, p.Ethnicity, p.Sex, p.clan, int(year))
		p.key = population.Key2(p.Name)
		sibling := slices.ContainsFunc(others, func(o *person) bool {
			return o != p && o.key == p.key && (o.mother == p.mother || o.father == p.father)
		})
		if !sibling && c.fresh(p) || try > 50 {
			return
		}
	}
}

// fresh reports whether nobody yet has this name, birth and sex, and notes it.
// A hash is enough: taken for the same by accident, another name is drawn.
func (c *Commune) fresh(p *person) bool {
	k := uint64(14695981039346656037)
	mix := func(b byte) { k = (k ^ uint64(b)) * 1099511628211 }
	for i := range len(p.key) {
		mix(p.key[i])
	}
	for _, b := range [...]byte{byte(p.Sex), byte(p.Born.Year >> 8), byte(p.Born.Year), p.Born.Month, p.Born.Day} {
		mix(b)
	}
	if _, ok := c.seen[k]; ok {
		return false
	}
	c.seen[k] = struct{}{}
	return true
}

// education draws the highest schooling: by age for children, else in the
// shares of the 2018 survey, less for the old and for
// highland groups.
func education(d dice, p *person, age int, f Flavour) population.Code {
	switch {
	case age < 7:
		return 1
	case age < 12:
		return 2
	case age < 16:
		return 3
	case age < 18:
		return population.Code(3 + d.IntN(2))
	}
	table := [8]int{30, 190, 330, 240, 60, 60, 85, 5}
	switch {
	case highland(p.Ethnicity):
		table = [8]int{200, 330, 300, 120, 20, 15, 14, 1}
	case age >= 65:
		table = [8]int{150, 400, 300, 90, 30, 15, 14, 1}
	case age < 35:
		table = [8]int{15, 90, 270, 330, 75, 90, 125, 5}
	}
	if f == ThaiBinh {
		table[0] /= 3
	}
	sum := 0
	for _, t := range table {
		sum += t
	}
	n := d.IntN(sum)
	for i, t := range table {
		if n -= t; n < 0 {
			code := population.Code(i + 1)
			if age < 22 && code > 4 {
				return 4
			}
			return code
		}
	}
	return 3
}
