package populationtest

import (
	"fmt"

	"tramxa/appliance/population"
)

// emit mints the ids and writes the book on Start.
func (c *Commune) emit() {
	d := newDice(c.opt.Seed, 4)
	c.Users = []population.UserCreated{
		{Number: 1, Login: "truongtram", Name: c.staffName(d), Role: population.RoleHead},
		{Number: 2, Login: "danso", Name: c.staffName(d), Role: population.RoleOfficer},
	}
	for _, a := range c.areas {
		a.id = c.mint()
		c.Areas = append(c.Areas, population.AreaDefined{
			ID: a.id, Number: a.number, Unit: c.opt.Unit, Hamlet: a.hamlet, Collaborator: a.user, Date: c.opt.Start,
		})
		c.Users = append(c.Users, population.UserCreated{
			Number: a.user, Login: fmt.Sprintf("ctv%02d", a.number), Name: c.staffName(d), Role: population.RoleCollaborator,
			Areas: []population.ID{a.id},
		})
	}
	c.Households = make([]population.HouseholdOpened, 0, len(c.houses))
	for _, a := range c.areas {
		for _, h := range a.houses {
			c.Households = append(c.Households, c.opened(h))
		}
	}
	c.namePlanted()
}

// Setup returns what brings Areas and Users into an empty register, in an order
// in which nothing is named before it is there: head and officer, the areas
// without a collaborator, the collaborators with their areas, the areas again.
func (c *Commune) Setup() []population.Entry {
	var out []population.Entry
	for _, u := range c.Users[:2] {
		out = append(out, u)
	}
	for _, a := range c.Areas {
		a.Collaborator = 0
		out = append(out, a)
	}
	for _, u := range c.Users[2:] {
		out = append(out, u)
	}
	for _, a := range c.Areas {
		out = append(out, a)
	}
	return out
}

func (c *Commune) staffName(d dice) string {
	sex := population.Female
	if d.chance(0.2) {
		sex = population.Male
	}
	return c.names.name(d, kinh, sex, c.names.clan(d, kinh), d.between(1968, 1998))
}

// opened mints the ids of a household of the first registration.
func (c *Commune) opened(h *house) population.HouseholdOpened {
	h.id = c.mint()
	e := population.HouseholdOpened{
		ID: h.id, Type: h.kind, Area: h.area.id, Number: h.number, Address: h.address,
		Date: c.opt.Start, Period: population.PeriodOf(c.opt.Start),
	}
	for _, m := range h.members {
		m.id = c.mint()
		c.enter(m)
	}
	for _, m := range h.members {
		c.fillLinks(m)
		e.Members = append(e.Members, member(m))
	}
	return e
}

// fillLinks sets the ids of those relatives who are in the book.
func (c *Commune) fillLinks(p *person) {
	id := func(q *person) population.ID {
		if q == nil {
			return 0
		}
		return q.id
	}
	p.Mother, p.Father, p.Spouse = id(p.mother), id(p.father), 0
	if p.Marital == population.Married {
		p.Spouse = id(p.spouse)
	}
}

func member(p *person) population.Member {
	return population.Member{ID: p.id, Relation: p.rel, Facts: p.Facts}
}
