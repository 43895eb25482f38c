package rules

import "tramxa/appliance/population"

// maxBorn bounds how many persons born on one day are compared. A commune has a
// handful; 1 January, written for "some day that year", has more.
const maxBorn = 500

// ruleDoubles (X01, X02): same folded name, date of birth and sex, or same
// folded name and mother, among those in the book. Equal names alone, or with
// the year of birth, are no suspicion worth a question.
func ruleDoubles(x *Examination, p *population.Person) []trouble {
	if unnamed(p.Name) {
		return nil
	}
	var out []trouble
	if p.Mother != 0 {
		for _, q := range x.namesakes(p, x.v.Children(p.Mother)) {
			out = append(out, double("X02", p, q.ID))
		}
	}
	if p.Born.Exact() {
		for _, q := range x.namesakes(p, x.v.Born(p.Born)) {
			if q.Sex == p.Sex && (p.Mother == 0 || q.Mother != p.Mother) {
				out = append(out, double("X01", p, q.ID))
			}
		}
	}
	return out
}

// namesakes are the others among ids who are in the book under the same folded
// name.
func (x *Examination) namesakes(p *population.Person, ids []population.ID) []*population.Person {
	if len(ids) > maxBorn {
		ids = ids[:maxBorn]
	}
	key := population.Key2(p.Name)
	var out []*population.Person
	for _, id := range ids {
		if id == p.ID {
			continue
		}
		if q := x.v.Person(id); q != nil && q.Active() && q.Same == 0 && (q.Name == p.Name || population.Key2(q.Name) == key) {
			out = append(out, q)
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
