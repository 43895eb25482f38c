package rules

import "tramxa/appliance/population"

// maxSimilar bounds how many persons of one folded name are compared; a commune
// has a few dozen of the commonest.
const maxSimilar = 500

// ruleDoubles (X01, X02): same folded name, date of birth and sex, or same
// folded name and mother, among those in the book. Equal folded names alone are
// no suspicion worth a question.
func ruleDoubles(x *Examination, p *population.Person) []trouble {
	if unnamed(p.Name) || (p.Born.IsZero() && p.Mother == 0) {
		return nil
	}
	ids := x.v.Similar(population.Key2(p.Name))
	if len(ids) > maxSimilar {
		ids = ids[:maxSimilar]
	}
	var out []trouble
	for _, id := range ids {
		if id == p.ID {
			continue
		}
		q := x.v.Person(id)
		switch {
		case q == nil || !q.Active() || q.Same != 0:
		case p.Mother != 0 && q.Mother == p.Mother:
			out = append(out, double("X02", p, id))
		case p.Born.Day != 0 && q.Born == p.Born && q.Sex == p.Sex:
			out = append(out, double("X01", p, id))
		}
	}
	return out
}

// double keeps the pair in the key: the same suspicion is not raised twice.
func double(rule string, p *population.Person, other population.ID) trouble {
	return trouble{troubleKey: troubleKey{rule: rule, id: p.ID, other: other}, field: "name", about: []population.ID{other}}
}

// unnamed reports the names a newborn without a name is written with; twins
// would always be each other's double.
func unnamed(name string) bool {
	switch population.Key2(name) {
	case "trai", "gai":
		return true
	}
	return false
}

// ruleSamePerson (X03, X04): the older id is kept, and a link is made and
// undone once.
func ruleSamePerson(x *Examination) {
	switch e := x.e.(type) {
	case population.SamePerson:
		if e.Canonical >= e.Other {
			x.add("X03", "canonical", nil)
		}
		if p := x.v.Person(e.Other); p != nil && p.Same != 0 {
			x.add("X04", "other", nil)
		}
		if p := x.v.Person(e.Canonical); p != nil && p.Same != 0 {
			x.add("X04", "canonical", nil)
		}
	case population.SamePersonUndone:
		if p := x.v.Person(e.Other); p != nil && p.Same != e.Canonical {
			x.add("X04", "other", nil)
		}
	}
}

// ruleCanonicalStays (X05): when one of two lines is struck as written twice,
// the other must stay.
func ruleCanonicalStays(x *Examination) {
	e, ok := x.e.(population.ScopeCorrection)
	if !ok || e.Scope != population.ScopeDouble {
		return
	}
	p := x.v.Person(e.Canonical)
	if e.Canonical == e.Person || p == nil || !p.Active() {
		x.add("X05", "canonical", nil)
	}
}
