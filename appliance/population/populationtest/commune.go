package populationtest

import (
	"cmp"
	"iter"
	"slices"

	"tramxa/appliance/population"
)

// Commune is an invented commune. The exported slices are its book on Start;
// Month then goes on from there. A Commune is not safe for concurrent use.
type Commune struct {
	Areas      []population.AreaDefined     // with their collaborators; see Setup
	Users      []population.UserCreated     // head of the station 1, officer 2, then a collaborator for each area
	Households []population.HouseholdOpened // ids minted in this order after those of the areas: household, members
	Planted    []Planted                    // what Errors planted, in the order of the book
	Broken     []Broken                     // what the last WriteCSV broke

	opt    Options
	start  int // Start as days since 1970
	names  *namebook
	areas  []*area
	houses []*house
	serial uint32

	numbers map[uint64]struct{} // identity numbers and insurance cores given out
	seen    map[uint64]struct{} // name, birth, sex: no namesakes born on one day unless planted

	active  []*person         // in the book
	last    population.Period // the newest month drawn
	unnamed []*person         // newborns still "Trai" or "Gái"
	pending []scopeFind
	planted []planting
	today   int
	act     int
	out     []Event
}

// New makes a commune. It needs about a second for 100,000 persons.
func New(o Options) *Commune {
	o = o.withDefaults()
	c := &Commune{
		opt: o, start: o.Start.Days(), names: newNamebook(o.Flavour),
		numbers: make(map[uint64]struct{}, 2*o.Persons), seen: make(map[uint64]struct{}, o.Persons),
	}
	c.last = population.PeriodOf(o.Start) - 1
	d := newDice(o.Seed, 1)
	sizes, groups := c.hamlets(d)
	byGroup := c.settle(d, groups)
	c.layOut(d, sizes, byGroup)
	c.describe(newDice(o.Seed, 2))
	c.plant(newDice(o.Seed, 3))
	c.emit()
	return c
}

// Options returns the options with their defaults filled in.
func (c *Commune) Options() Options { return c.opt }

// Persons returns how many persons are in the book now, planted ones included.
func (c *Commune) Persons() int { return len(c.active) }

// Line is where a person stands and what the book should say.
type Line struct {
	ID        population.ID
	Household population.ID
	Relation  population.Code
	Facts     population.Facts
}

// People yields everybody in the book now, by id: the generator's own account,
// to be compared with the fold of what it emitted.
func (c *Commune) People() iter.Seq[Line] {
	list := slices.Clone(c.active)
	slices.SortFunc(list, func(a, b *person) int { return cmp.Compare(a.id, b.id) })
	return func(yield func(Line) bool) {
		for _, p := range list {
			if !yield(Line{ID: p.id, Household: p.house.id, Relation: p.rel, Facts: p.Facts}) {
				return
			}
		}
	}
}

// HouseholdCount returns how many households are open.
func (c *Commune) HouseholdCount() int {
	n := 0
	for _, h := range c.houses {
		if !h.closed {
			n++
		}
	}
	return n
}

func (c *Commune) mint() population.ID {
	c.serial++
	return population.NewID(c.opt.Mint, c.serial)
}

// enter puts a person into the list of those in the book.
func (c *Commune) enter(p *person) {
	p.pos = len(c.active)
	c.active = append(c.active, p)
}

// leave takes a person out of the list and of the household.
func (c *Commune) leave(p *person) {
	last := c.active[len(c.active)-1]
	c.active[p.pos], last.pos = last, p.pos
	c.active = c.active[:len(c.active)-1]
	h := p.house
	h.members = slices.DeleteFunc(h.members, func(m *person) bool { return m == p })
	p.house = nil
}
