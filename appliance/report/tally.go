package report

import (
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// ageGroups are 0–4, 5–9 … 80 and over, and last the unknown ages.
const (
	ageGroups  = 18
	ageOpen    = 16 // 80 and over
	ageUnknown = 17
)

// ageGroup returns the group of somebody born on a date, on a day. A date known
// in part stands for its first day; who is not born by then is unknown.
func ageGroup(born, day population.Date) uint8 {
	if born.Year == 0 {
		return ageUnknown
	}
	age, _ := born.First().AgeOn(day)
	switch {
	case age < 0:
		return ageUnknown
	case age >= 80:
		return ageOpen
	}
	return uint8(age / 5)
}

// cells counts by sex (population.Sex) and age group.
type cells [3][ageGroups]int

// tally is what a pass over the register counts.
type tally struct {
	terms    [termsDefined]cells
	ageing   cells // who changed the age group between start and end
	homes    map[population.ID]bool
	families int
	areas    map[population.ID]*areaCount
	persons  func(term, population.ID) // told of everybody counted; nil: nobody is
}

// areaCount is the stock of one area at the end.
type areaCount struct {
	sexes      [3]int
	households int
}

func (t *tally) count(what term, p *population.Person, group uint8) {
	t.terms[what][sexIndex(p.Sex)][group]++
	if t.persons != nil {
		t.persons(what, p.ID)
	}
}

func sexIndex(s population.Sex) int {
	if s > population.Female {
		return int(population.SexUnknown)
	}
	return int(s)
}

// span is the months of a report.
type span struct {
	from, to population.Period
	startDay population.Date // the day before the span
	endDay   population.Date // its last day
}

func newSpan(from, to population.Period) span {
	return span{from, to, from.Prev().Last(), to.Last()}
}

func (s span) holds(p population.Period) bool { return s.from <= p && p <= s.to }

// pass counts the register. It visits every person once, and then the marriages
// and divorces of the span.
func pass(v *register.View, e extent, s span, t *tally) error {
	homes, err := readHomes(v)
	if err != nil {
		return err
	}
	t.homes = make(map[population.ID]bool)
	t.areas = make(map[population.ID]*areaCount)
	var life []step
	var stop error
	err = v.Lives(func(p *population.Person) bool {
		life = steps(life, p, homes)
		stop = t.person(v, e, s, p, life, homes)
		return stop == nil
	})
	if err == nil {
		err = stop
	}
	if err != nil {
		return err
	}
	return t.couples(v, e, s, homes)
}

// person counts the stock, the flows and the ageing of one person.
func (t *tally) person(v *register.View, e extent, s span, p *population.Person, life []step, homes map[population.ID]home) error {
	startGroup, endGroup := ageGroup(p.Born, s.startDay), ageGroup(p.Born, s.endDay)
	if e.holds(endOf(life, s.from.Prev())) {
		t.count(termStart, p, startGroup)
		t.ageing[sexIndex(p.Sex)][startGroup]--
		t.ageing[sexIndex(p.Sex)][endGroup]++
	}
	for _, st := range life {
		if !s.holds(st.per) {
			continue
		}
		in, out := e.holds(st.to), e.holds(st.from)
		switch {
		case in == out:
			continue
		case in:
			t.count(termIn(st.cause), p, endGroup)
			if st.cause == population.CauseBirth {
				if err := t.birth(v, p, st.seq, endGroup); err != nil {
					return err
				}
			}
		default:
			t.count(termOutOf(st.cause), p, endGroup)
		}
	}
	if at := endOf(life, s.to); e.holds(at) {
		t.count(termEnd, p, endGroup)
		t.stock(p, at, s, homes)
	}
	return nil
}

// birth counts the rows about one birth.
func (t *tally) birth(v *register.View, child *population.Person, seq uint64, group uint8) error {
	switch child.Sex {
	case population.Male:
		t.count(termBirthsMale, child, group)
	case population.Female:
		t.count(termBirthsFemale, child, group)
	}
	e, _ := v.Entry(seq)
	b, ok := e.(population.Birth)
	if !ok {
		return v.Err()
	}
	switch {
	case b.Order == 2:
		t.count(termBirthsOrder2, child, group)
	case b.Order >= 3:
		t.count(termBirthsOrder3, child, group)
	}
	if b.Child.Mother == 0 {
		return v.Err()
	}
	if m := v.Person(b.Child.Mother); m != nil && surelyUnder(20, m.Born, b.Child.Born) {
		t.count(termBirthsMotherUnder20, child, group)
	}
	return v.Err()
}

// surelyUnder reports whether somebody born on a date is under an age on a day,
// whatever the unknown parts of both are.
func surelyUnder(age int, born, day population.Date) bool {
	if born.IsZero() || day.IsZero() {
		return false
	}
	_, most := born.AgeOn(day)
	return most < age
}

// stock counts a person in the stock of his area and household.
func (t *tally) stock(p *population.Person, at where, s span, homes map[population.ID]home) {
	a := t.areas[at.area]
	if a == nil {
		a = &areaCount{}
		t.areas[at.area] = a
	}
	a.sexes[sexIndex(p.Sex)]++
	id := householdAt(p, s.to)
	if id == 0 || t.homes[id] {
		return
	}
	t.homes[id] = true
	a.households++
	if homes[id].family {
		t.families++
	}
}

// householdAt returns the household of a person at the end of a period.
func householdAt(p *population.Person, per population.Period) population.ID {
	for i := len(p.Stays) - 1; i >= 0; i-- {
		if s := p.Stays[i]; s.FromPer <= per {
			if s.Out == population.CauseNone || s.ToPer > per {
				return s.Household
			}
			return 0
		}
	}
	return 0
}
