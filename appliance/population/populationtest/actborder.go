package populationtest

import (
	"fmt"
	"slices"

	"tramxa/appliance/population"
)

// arrival brings one young person, or a couple with children, from another
// commune; the couple and a third of the single open a household.
func (c *Commune) arrival(d dice) {
	a := c.areas[d.IntN(len(c.areas))]
	group := kinh
	if d.chance(0.3) {
		group = a.group
	}
	sex := population.Male + population.Sex(d.IntN(2))
	if d.chance(0.65) {
		c.arriveAlone(d, a, group, sex)
		return
	}
	c.begin()
	age := d.between(22, 38)
	h, day := c.newcomers(d, a, group)
	man := c.stranger(d, group, population.Male, age+d.between(0, 4))
	wife := c.stranger(d, group, population.Female, age)
	man.Marital, wife.Marital = population.Married, population.Married
	man.spouse, wife.spouse = wife, man
	party := []*person{man, wife}
	for k := range d.IntN(3) {
		years := age - 21 - 3*k
		if years < 1 {
			break
		}
		kid := c.stranger(d, group, population.Male+population.Sex(d.IntN(2)), min(years, 15))
		kid.mother, kid.father, kid.clan = wife, man, man.clan
		if matrilocal(group) {
			kid.clan = wife.clan
		}
		if slices.ContainsFunc(party[2:], func(o *person) bool { return abs(o.born-kid.born) < 310 }) {
			break
		}
		c.nameAmong(d, kid, party)
		wife.kids++
		wife.lastBirth = max(wife.lastBirth, kid.born)
		party = append(party, kid)
	}
	for i, p := range party {
		reason := population.Code(1)
		if i > 0 {
			reason = 4
		}
		c.admit(d, p, h, reason, day)
	}
}

func (c *Commune) arriveAlone(d dice, a *area, group population.Code, sex population.Sex) {
	p := c.stranger(d, group, sex, min(18+int(d.ExpFloat64()*8), 60))
	p.Marital = population.NeverMarried
	h := c.findHouse(d, func(h *house) bool { return len(h.members) < 7 })
	c.begin()
	if h == nil || d.chance(0.35) {
		var day int
		h, day = c.newcomers(d, a, group)
		c.admit(d, p, h, 1, day)
		return
	}
	c.admit(d, p, h, 1, c.when(d, nil, h))
}

// newcomers opens an empty household; who arrives first will be its head.
func (c *Commune) newcomers(d dice, a *area, group population.Code) (*house, int) {
	day := c.when(d, nil)
	h := c.openHouse(a, fmt.Sprintf("Số %d, %s", d.between(1, 240), a.hamlet), group, day)
	c.put(population.HouseholdOpened{
		ID: h.id, Type: h.kind, Area: a.id, Number: h.number, Address: h.address, Date: population.DateOfDays(day), Period: c.period(),
	})
	return h, day
}

// stranger makes a grown or young person who is not in the book yet.
func (c *Commune) stranger(d dice, g population.Code, sex population.Sex, age int) *person {
	p := &person{since: c.start}
	p.Sex, p.Ethnicity = sex, g
	p.born = c.today - 200 - int((float64(age)+0.05+0.4*d.Float64())*365.2425)
	p.clan = c.names.clan(d, g)
	p.Born = population.DateOfDays(p.born)
	c.nameAmong(d, p, nil)
	p.Number = c.number(d, p)
	p.Insurance = c.insurance(d, p)
	p.Education = education(d, p, min(age, p.age(c.start)), c.opt.Flavour)
	p.Residence = population.ResPresent
	p.Marital = population.NeverMarried
	return p
}

// admit emits the arrival of a person into a household.
func (c *Commune) admit(d dice, p *person, h *house, reason population.Code, day int) {
	p.id, p.since = c.mint(), day
	c.join1(p, h)
	c.fillLinks(p)
	unit, place := c.elsewhere(d)
	c.put(population.Arrival{
		Household: h.id, Member: member(p), FromUnit: unit, From: place, Reason: reason,
		Date: population.DateOfDays(day), Period: c.period(),
	})
}

// departure lets one person leave, with minor children, or a whole household.
func (c *Commune) departure(d dice) {
	p := c.find(d, func(p *person) bool {
		switch age := p.age(c.today); {
		case age < 17:
			return false
		case age < 30:
			return true
		case age < 45:
			return d.chance(0.4)
		}
		return d.chance(0.07)
	})
	if p == nil {
		return
	}
	h := p.house
	party := []*person{p}
	if p.Marital != population.Married {
		party = c.withMinors(p)
	}
	head, ok := c.successor(h, party...)
	if !ok || d.chance(0.12) && len(h.members) <= 8 {
		party, head = slices.Clone(h.members), nil
	}
	c.begin()
	day := c.when(d, slices.Clone(h.members), h)
	reasons := [...]population.Code{1, 1, 1, 1, 3, 3, 4, 5, 7}
	c.depart(d, h, party, head, reasons[d.IntN(len(reasons))], day)
}

func (c *Commune) depart(d dice, h *house, party []*person, head *person, reason population.Code, day int) {
	if head != nil {
		c.changeHead(h, head, day)
	}
	unit, place := c.elsewhere(d)
	e := population.Departure{
		Household: h.id, Whole: len(party) == len(h.members), ToUnit: unit, To: place, Reason: reason,
		Date: population.DateOfDays(day), Period: c.period(),
	}
	for _, p := range slices.Clone(party) {
		e.Persons = append(e.Persons, p.id)
		c.leave(p)
	}
	if e.Whole {
		h.closed, h.head = true, nil
	}
	c.put(e)
}

// elsewhere draws where people come from or go to.
func (c *Commune) elsewhere(d dice) (uint32, string) {
	if u := c.opt.Units; u != nil && u.Len() > 0 {
		r := u.All()[d.IntN(u.Len())]
		code := uint32(0)
		for _, ch := range r.Code {
			code = code*10 + uint32(ch-'0')
		}
		kind := map[string]string{"xa": "Xã", "phuong": "Phường", "dac-khu": "Đặc khu"}[r.Kind]
		return code, kind + " " + r.Name + ", " + r.Province
	}
	places := [...]string{"TP. Hồ Chí Minh", "Đồng Nai", "Hà Nội", "Đắk Lắk", "Lâm Đồng", "Đà Nẵng", "Hưng Yên", "Nghệ An", "Thanh Hóa", "Cần Thơ", "xã bên"}
	return 0, places[d.IntN(len(places))]
}
