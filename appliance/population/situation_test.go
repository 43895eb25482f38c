package population

import (
	"fmt"
	"strconv"
	"strings"
)

// parseSituation reads one entry of a table: a verb, numbers, a date, persons as
// number or number:relation, and options as name=value.
func parseSituation(words []string) (Entry, error) {
	p := &sentence{verb: words[0]}
	for _, w := range words[1:] {
		if err := p.take(w); err != nil {
			return nil, fmt.Errorf("%q: %w", w, err)
		}
	}
	if p.period == 0 {
		p.period = PeriodOf(p.date)
	}
	e, ok := p.entry()
	if !ok {
		return nil, fmt.Errorf("no such verb: %s", p.verb)
	}
	return e, nil
}

// sentence is a line taken apart.
type sentence struct {
	verb    string
	ids     [3]ID // households or persons before the date
	n       int
	date    Date
	dated   bool
	placed  []Placed // persons after the date
	period  Period
	options map[string]string
}

func (p *sentence) take(w string) (err error) {
	name, value, option := strings.Cut(w, "=")
	person, relation, _ := strings.Cut(w, ":")
	switch {
	case option && name == "counts":
		p.period, err = ParsePeriod(value)
	case option:
		if p.options == nil {
			p.options = map[string]string{}
		}
		p.options[name] = value
	case !p.dated && (w == "-" || strings.Contains(w, "-") || len(w) == 4):
		p.dated = true
		p.date, err = ParseDate(strings.TrimPrefix(w, "-"))
	default:
		id, err := strconv.ParseUint(person, 10, 32)
		if err != nil {
			return err
		}
		if !p.dated {
			if id != 0 {
				p.ids[p.n] = own(uint32(id))
			}
			p.n++
			return nil
		}
		rel, err := strconv.ParseUint("0"+relation, 10, 8)
		p.placed = append(p.placed, Placed{own(uint32(id)), Code(rel)})
		return err
	}
	return err
}

func (p *sentence) members() (ms []Member) {
	for _, x := range p.placed {
		ms = append(ms, Member{ID: x.Person, Relation: x.Relation, Facts: Facts{Name: p.options["name"], Born: p.born()}})
	}
	return ms
}

func (p *sentence) born() Date {
	d, err := ParseDate(p.options["born"])
	if err != nil {
		return Date{}
	}
	return d
}

func (p *sentence) member() Member {
	if len(p.placed) == 0 {
		return Member{}
	}
	return p.members()[0]
}

func (p *sentence) persons() (ids []ID) {
	for _, x := range p.placed {
		ids = append(ids, x.Person)
	}
	return ids
}

func (p *sentence) number(option string) uint32 {
	n, err := strconv.ParseUint("0"+p.options[option], 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

func (p *sentence) entry() (Entry, bool) {
	a, b, d, in := p.ids[0], p.ids[1], p.date, p.period
	area, number := ID(0), HouseholdNumber{Number: p.number("number")}
	if n := p.number("area"); n != 0 {
		area = own(n)
	}
	switch p.verb {
	case "opened":
		return HouseholdOpened{ID: a, Type: KindFamily, Area: area, Number: number, Date: d, Period: in, Members: p.members()}, true
	case "registered":
		return PersonRegistered{Household: a, Member: p.member(), Date: d, Period: in}, true
	case "birth":
		m := p.member()
		m.Born = d
		return Birth{Household: a, Child: m, Period: in}, true
	case "death":
		return Death{Person: a, Date: d, Period: in}, true
	case "arrival":
		return Arrival{Household: a, Member: p.member(), Date: d, Period: in}, true
	case "departure":
		return Departure{Household: a, Persons: p.persons(), Whole: p.options["whole"] == "yes", Date: d, Period: in}, true
	case "move":
		return MoveInside{From: a, Into: b, Persons: p.placed, Date: d, Period: in}, true
	case "split":
		return HouseholdSplit{From: a, New: b, Type: KindFamily, Area: area, Number: number, Persons: p.placed, Date: d, Period: in}, true
	case "joined":
		return HouseholdJoined{From: a, Into: b, Persons: p.placed, Date: d, Period: in}, true
	case "head":
		return HeadChanged{Household: a, Head: b, Relations: p.placed, Date: d, Period: in}, true
	}
	return p.other(a, b, d, in, area, number)
}

func (p *sentence) other(a, b ID, d Date, in Period, area ID, number HouseholdNumber) (Entry, bool) {
	switch p.verb {
	case "changed":
		e := InformationChanged{Person: a, Date: d, Period: in, To: Facts{Name: p.options["name"]}, Relation: Code(p.number("relation"))}
		if e.To.Name != "" {
			e.Changed = append(e.Changed, FieldName)
		}
		if e.Relation != 0 {
			e.Changed = append(e.Changed, FieldRelation)
		}
		return e, true
	case "household-changed":
		return HouseholdChanged{Household: a, Area: area, Number: number, Closed: p.options["closed"] == "yes", Date: d, Period: in}, true
	case "marriage":
		return Marriage{A: a, B: b, Date: d, Period: in}, true
	case "divorce":
		return Divorce{A: a, B: b, Date: d, Period: in}, true
	case "missed":
		return ScopeCorrection{Scope: ScopeMissed, Household: a, Member: p.member(), Date: d, Period: in}, true
	case "double":
		return ScopeCorrection{Scope: ScopeDouble, Person: a, Canonical: b, Date: d, Period: in}, true
	case "out":
		e := ScopeCorrection{Scope: ScopeOut, Person: a, Date: d, Period: in}
		if n := p.number("household"); n != 0 {
			e.Household = own(n)
		}
		return e, true
	case "same":
		return SamePerson{Canonical: a, Other: b, Date: d, Period: in}, true
	case "undone":
		return SamePersonUndone{Canonical: a, Other: b, Date: d, Period: in}, true
	}
	return nil, false
}
