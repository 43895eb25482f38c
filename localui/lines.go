package localui

import (
	"strconv"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// personLine is a person in a list: numbers are masked there.
type personLine struct {
	ID       string
	Href     string
	Name     string
	Sex      string
	Born     string
	Age      string
	Relation string
	Number   string
	Head     bool
	State    string // "", or why not in the book
	Home     string // hộ số with area
	HomeHref string
}

func (w words) personLine(p *population.Person, today population.Date) personLine {
	return personLine{ID: p.ID.String(), Href: "/nguoi/" + p.ID.String(), Name: p.Name, Sex: w.sex(p.Sex), Born: w.date(p.Born),
		Age: w.age(p, today), Relation: w.code("relation", p.Relation), Number: mask(p.Number), State: w.state(p)}
}

// state says in a word why somebody is not in the book any more.
func (w words) state(p *population.Person) string {
	switch {
	case p.Dead:
		return w.text("state.dead")
	case p.Same != 0:
		return w.text("state.double")
	case p.Active() || len(p.Stays) == 0:
		return ""
	}
	switch p.Stays[len(p.Stays)-1].Out {
	case population.CauseDeparture:
		return w.text("state.departed")
	case population.CauseDouble:
		return w.text("state.double")
	}
	return w.text("state.out")
}

// age is the age in years today, or at death.
func (w words) age(p *population.Person, today population.Date) string {
	if p.Born.IsZero() {
		return ""
	}
	if p.Dead {
		if p.Died.IsZero() {
			return ""
		}
		today = p.Died
	}
	min, max := p.Born.AgeOn(today)
	switch {
	case max < 0:
		return ""
	case min == max:
		return strconv.Itoa(min)
	}
	return "~" + strconv.Itoa(max)
}

// shortPerson names a person where there is little room.
func (w words) shortPerson(p *population.Person) string {
	s := p.Name
	if p.Born.Year != 0 {
		s += " · " + strconv.Itoa(int(p.Born.Year))
	}
	if rel := w.code("relation", p.Relation); rel != "" && p.Active() {
		s += " · " + rel
	}
	return s
}

func (w words) areaName(a *population.Area) string {
	s := w.text("area.name", "n", a.Number)
	if a.Hamlet != "" {
		s += " – " + a.Hamlet
	}
	return s
}

// householdLine is a household in a list or above a form.
type householdLine struct {
	ID, Href string
	Number   string // hộ số
	Area     string
	AreaNo   uint32
	Address  string
	Head     string
	Closed   bool
	Members  int
}

func (w words) householdLine(v *register.View, h *population.Household) householdLine {
	l := householdLine{ID: h.ID.String(), Href: "/ho/" + h.ID.String(), Number: h.Number.String(), Address: h.Address, Closed: h.Closed}
	if a := v.Area(h.Area); a != nil {
		l.Area, l.AreaNo = w.areaName(a), a.Number
	}
	if p := v.Person(h.Head); p != nil && h.Head != 0 {
		l.Head = p.Name
	}
	return l
}

// homeName names a household in a few characters: "3-12".
func homeName(v *register.View, h *population.Household) string {
	if a := v.Area(h.Area); a != nil {
		return strconv.FormatUint(uint64(a.Number), 10) + "-" + h.Number.String()
	}
	return h.Number.String()
}

func (w words) inHousehold(v *register.View, p *population.Person, today population.Date) personLine {
	l := w.personLine(p, today)
	if h := v.Household(p.Household()); h != nil && p.Active() {
		l.Home, l.HomeHref = homeName(v, h), "/ho/"+h.ID.String()
		l.Head = h.Head == p.ID
	}
	return l
}
