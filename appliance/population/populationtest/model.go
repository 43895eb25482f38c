package populationtest

import (
	"cmp"
	"slices"

	"tramxa/appliance/population"
)

// person is a line of the book, as the generator knows it. The links are
// pointers; the ids of Facts are filled in when a line is emitted.
type person struct {
	population.Facts
	id                     population.ID // 0: not in the book
	born                   int           // true day of birth, days since 1970
	clan                   string
	key                    string // population.Key2 of the name
	mother, father, spouse *person
	house                  *house // nil: not in the book now
	rel                    population.Code
	since                  int // day of the newest entry about the person
	kids                   int // births of hers in the book
	lastBirth              int
	pos                    int // place in Commune.active
	extra                  bool
}

// house is a household.
type house struct {
	id      population.ID
	area    *area
	number  population.HouseholdNumber
	kind    population.HouseholdKind
	address string
	group   population.Code
	members []*person // in the order of the A0 sheet at first
	head    *person
	since   int // day of the newest entry about the household
	closed  bool
}

// area is a collaborator's.
type area struct {
	id       population.ID
	number   uint32
	hamlet   string
	user     uint32
	group    population.Code
	houses   []*house // on Start
	nextSlot uint32   // newest hộ số given
}

// age returns completed years on a day.
func (p *person) age(day int) int { return yearsBetween(p.born, day) }

// yearsBetween returns completed years; a day early or late around birthdays
// of leap years does not matter here.
func yearsBetween(from, to int) int {
	if to < from {
		return -1
	}
	return int(float64(to-from) / 365.2425)
}

// relation returns what m is to the head, from the links alone.
func relation(head, m *person) population.Code {
	childOf := func(c, p *person) bool { return p != nil && (c.mother == p || c.father == p) }
	childOfHead := func(c *person) bool { return c != nil && (childOf(c, head) || childOf(c, head.spouse)) }
	switch {
	case m == head:
		return population.RelHead
	case married(m, head):
		return population.RelSpouse
	case childOf(m, head):
		return population.RelChild
	case childOfHead(m): // a step-child: "con nuôi/dâu/rể"
		return population.RelInLaw
	case childOf(head, m), head.spouse != nil && childOf(head.spouse, m):
		return population.RelParent
	case m.Marital == population.Married && childOfHead(m.spouse):
		return population.RelInLaw
	case m.mother != nil && childOfHead(m.mother), m.father != nil && childOfHead(m.father):
		return population.RelGrandch
	case m.mother != nil && m.mother == head.mother, m.father != nil && m.father == head.father:
		return population.RelSibling
	}
	return population.RelOther
}

// married reports whether the two are husband and wife.
func married(a, b *person) bool {
	return a.spouse == b && b.spouse == a && a.Marital == population.Married && b.Marital == population.Married
}

// order sorts members as the A0 book lists them: head, spouse, children,
// in-laws, parents, grandchildren, siblings, others, the older first.
func order(members []*person) {
	slices.SortStableFunc(members, func(a, b *person) int {
		return cmp.Or(cmp.Compare(a.rel, b.rel), cmp.Compare(a.born, b.born))
	})
}

// settle names the head of a household and all relations.
func (h *house) settle(head *person) {
	h.head = head
	for _, m := range h.members {
		m.house = h
		m.rel = relation(head, m)
		if h.kind == population.KindCollective && m != head {
			m.rel = population.RelOther
		}
	}
	order(h.members)
}
