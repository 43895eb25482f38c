package rules_test

import (
	"fmt"
	"slices"
	"strings"

	"tramxa/appliance/population"
)

// verb reads the entry that a line of a table says.
type verb func(n *names, l line) (population.Entry, error)

// verbs by their word, with the least number of words they take.
func verbs() map[string]struct {
	words int
	read  verb
} {
	return map[string]struct {
		words int
		read  verb
	}{
		"area": {4, readArea}, "open": {5, readOpen}, "register": {3, readRegister}, "birth": {2, readBirth}, "death": {3, readDeath},
		"arrive": {3, readArrive}, "depart": {3, readDepart}, "move": {4, readMove}, "split": {6, readSplit}, "join": {4, readJoin},
		"head": {4, readHead}, "marry": {4, readMarry}, "divorce": {4, readDivorce}, "info": {3, readInfo}, "household": {3, readHousehold},
		"miss": {3, readMiss}, "double": {4, readDouble}, "out": {3, readOut}, "same": {4, readSame}, "unsame": {4, readUnsame},
		"user": {4, readUser}, "change": {3, readChange}, "close": {2, readClose}, "amend": {3, readAmend}, "annul": {2, readAnnul},
	}
}

func readEntry(n *names, s string) (population.Entry, error) {
	l := parseLine(s)
	v, ok := verbs()[l.words[0]]
	if !ok {
		return nil, fmt.Errorf("no verb %q", l.words[0])
	}
	if len(l.words) < v.words {
		return nil, fmt.Errorf("%q takes %d words", l.words[0], v.words)
	}
	return v.read(n, l)
}

func readArea(n *names, l line) (population.Entry, error) {
	e := population.AreaDefined{ID: n.id(l.words[1]), Number: uintOf(l.words[2]), Hamlet: strings.ReplaceAll(l.words[3], "_", " "), Unit: 23764}
	e.Closed = slices.Contains(l.words, "closed")
	if l.words[3] == "-" {
		e.Hamlet = ""
	}
	e.Collaborator = uintOf(l.keys["collaborator"])
	return e, nil
}

func readOpen(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[4])
	if err != nil {
		return nil, err
	}
	e := population.HouseholdOpened{ID: n.id(l.words[1]), Type: population.KindFamily, Area: n.id(l.words[2]), Number: number(l.words[3]), Date: d}
	e.Period = population.PeriodOf(d)
	e.Address = strings.Repeat("x", int(uintOf(l.keys["address"])))
	e.Members, err = n.members(l.items)
	return e, err
}

func readRegister(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[2])
	if err != nil {
		return nil, err
	}
	m, err := n.member(l.items[0])
	return population.PersonRegistered{Household: n.id(l.words[1]), Member: m, Date: d, Period: population.PeriodOf(d)}, err
}

func readBirth(n *names, l line) (population.Entry, error) {
	m, err := n.member(l.items[0])
	e := population.Birth{Household: n.id(l.words[1]), Child: m, Order: uint8(uintOf(l.keys["order"])), Weight: uint16(uintOf(l.keys["weight"]))}
	e.Place, e.Period = code(l.keys["place"]), population.PeriodOf(m.Born)
	return e, err
}

func readDeath(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[2])
	return population.Death{Person: n.id(l.words[1]), Date: d, Period: population.PeriodOf(d), Place: code(l.keys["place"])}, err
}

func readArrive(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[2])
	if err != nil {
		return nil, err
	}
	m, err := n.member(l.items[0])
	return population.Arrival{Household: n.id(l.words[1]), Member: m, Date: d, Period: population.PeriodOf(d)}, err
}

func readDepart(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[2])
	e := population.Departure{Household: n.id(l.words[1]), Date: d, Period: population.PeriodOf(d), Whole: slices.Contains(l.words, "whole")}
	for _, it := range l.items {
		e.Persons = append(e.Persons, n.id(it))
	}
	return e, err
}

func readMove(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[3])
	return population.MoveInside{From: n.id(l.words[1]), Into: n.id(l.words[2]), Date: d, Period: population.PeriodOf(d), Persons: n.placed(l.items)}, err
}

func readSplit(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[5])
	return population.HouseholdSplit{
		From: n.id(l.words[1]), New: n.id(l.words[2]), Type: population.KindFamily, Area: n.id(l.words[3]), Number: number(l.words[4]),
		Date: d, Period: population.PeriodOf(d), Persons: n.placed(l.items),
	}, err
}

func readJoin(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[3])
	return population.HouseholdJoined{From: n.id(l.words[1]), Into: n.id(l.words[2]), Date: d, Period: population.PeriodOf(d), Persons: n.placed(l.items)}, err
}

func readHead(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[3])
	return population.HeadChanged{Household: n.id(l.words[1]), Head: n.id(l.words[2]), Date: d, Period: population.PeriodOf(d), Relations: n.placed(l.items)}, err
}

func readMarry(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[3])
	e := population.Marriage{A: n.id(l.words[1]), B: n.id(l.words[2]), Date: d, Period: population.PeriodOf(d)}
	if with := l.keys["with"]; with != "" {
		e.OtherName = "Nguyễn Văn " + with
	}
	return e, err
}

func readDivorce(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[3])
	return population.Divorce{A: n.id(l.words[1]), B: n.id(l.words[2]), Date: d, Period: population.PeriodOf(d)}, err
}

var fieldNames = map[string]population.Field{
	"name": population.FieldName, "sex": population.FieldSex, "born": population.FieldBorn, "ethnicity": population.FieldEthnicity,
	"number": population.FieldNumber, "insurance": population.FieldInsurance, "education": population.FieldEducation,
	"marital": population.FieldMarital, "residence": population.FieldResidence, "mother": population.FieldMother,
	"father": population.FieldFather, "spouse": population.FieldSpouse, "relation": population.FieldRelation,
}

func readInfo(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[2])
	if err != nil {
		return nil, err
	}
	e := population.InformationChanged{Person: n.id(l.words[1]), Date: d, Period: population.PeriodOf(d)}
	for k := range l.keys {
		e.Changed = append(e.Changed, fieldNames[k])
	}
	slices.Sort(e.Changed)
	if r, ok := l.keys["relation"]; ok {
		e.Relation = relations[r]
		delete(l.keys, "relation")
	}
	return e, n.facts(&e.To, l.keys)
}

func readHousehold(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[2])
	e := population.HouseholdChanged{Household: n.id(l.words[1]), Date: d, Period: population.PeriodOf(d), Closed: slices.Contains(l.words, "closed")}
	e.Area = n.id(l.keys["area"])
	if no := l.keys["no"]; no != "" {
		e.Number = number(no)
	}
	return e, err
}

func readMiss(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[2])
	if err != nil {
		return nil, err
	}
	m, err := n.member(l.items[0])
	return population.ScopeCorrection{Scope: population.ScopeMissed, Household: n.id(l.words[1]), Member: m, Date: d, Period: population.PeriodOf(d)}, err
}

func readDouble(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[3])
	return population.ScopeCorrection{Scope: population.ScopeDouble, Person: n.id(l.words[1]), Canonical: n.id(l.words[2]), Date: d, Period: population.PeriodOf(d)}, err
}

func readOut(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[2])
	return population.ScopeCorrection{Scope: population.ScopeOut, Person: n.id(l.words[1]), Date: d, Period: population.PeriodOf(d)}, err
}

func readSame(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[3])
	return population.SamePerson{Canonical: n.id(l.words[1]), Other: n.id(l.words[2]), Date: d, Period: population.PeriodOf(d)}, err
}

func readUnsame(n *names, l line) (population.Entry, error) {
	d, err := date(l.words[3])
	return population.SamePersonUndone{Canonical: n.id(l.words[1]), Other: n.id(l.words[2]), Date: d, Period: population.PeriodOf(d)}, err
}

var roles = map[string]population.Role{
	"collaborator": population.RoleCollaborator, "officer": population.RoleOfficer, "head": population.RoleHead,
	"technician": population.RoleTechnician, "auditor": population.RoleAuditor,
}

func readUser(n *names, l line) (population.Entry, error) {
	e := population.UserCreated{Number: uintOf(l.words[1]), Login: l.words[2], Name: "Nguyễn Thị " + l.words[2], Role: roles[l.words[3]]}
	if a := l.keys["area"]; a != "" {
		e.Areas = []population.ID{n.id(a)}
	}
	return e, nil
}

func readChange(_ *names, l line) (population.Entry, error) {
	return population.UserChanged{Number: uintOf(l.words[1]), Name: "Nguyễn Thị Mới", Role: roles[l.words[2]], Disabled: slices.Contains(l.words, "disabled")}, nil
}

func readClose(_ *names, l line) (population.Entry, error) {
	p, err := population.ParsePeriod(l.words[1])
	return population.PeriodClosed{Period: p}, err
}

func readAmend(n *names, l line) (population.Entry, error) {
	target, err := n.seq(l.words[1])
	if err != nil {
		return nil, err
	}
	inner := l
	inner.words = l.words[2:]
	v, ok := verbs()[inner.words[0]]
	if !ok || len(inner.words) < v.words {
		return nil, fmt.Errorf("amend by what? %q", inner.words)
	}
	by, err := v.read(n, inner)
	return population.Amendment{Target: target, By: by}, err
}

func readAnnul(n *names, l line) (population.Entry, error) {
	first, err := n.seq(l.words[1])
	if err != nil {
		return nil, err
	}
	last := first
	if len(l.words) > 2 {
		if last, err = n.seq(l.words[2]); err != nil {
			return nil, err
		}
	}
	return population.Annulment{First: first, Last: last}, nil
}
